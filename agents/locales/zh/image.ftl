image-resize-summary = 为 { $name } 制作另一尺寸的副本：{ $to }
image-convert-summary = 把 { $name } 转换为 { $to }
image-annotate-summary = 在 { $name } 的副本上加文字：{ $to }
image-generate-summary = 请 { $host } 生成图片：{ $to }
image-size = 尺寸
image-text = 文字
image-prompt = 发送的描述
