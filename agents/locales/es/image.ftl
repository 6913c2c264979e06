image-resize-summary = Hacer una copia de { $name } con otro tamaño: { $to }
image-convert-summary = Convertir { $name } en { $to }
image-annotate-summary = Escribir sobre una copia de { $name }: { $to }
image-generate-summary = Pedir una imagen a { $host }: { $to }
image-size = Tamaño
image-text = Texto
image-prompt = Descripción enviada
