image-resize-summary = Make a copy of { $name } with another size: { $to }
image-convert-summary = Convert { $name } to { $to }
image-annotate-summary = Write on a copy of { $name }: { $to }
image-generate-summary = Have a picture made by { $host }: { $to }
image-size = Size
image-text = Text
image-prompt = Description sent
