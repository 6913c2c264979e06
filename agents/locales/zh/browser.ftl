browser-look-summary = 在浏览器中查看 { $host } 的网页
browser-act-summary = 在 { $host } 的网页上点击和输入（{ $count } 个操作）。此操作无法撤销。
browser-step = 第 { $number } 步
browser-click = 点击 { $what }
browser-fill = 在 { $what } 中填写：{ $value }
browser-select = 在 { $what } 中选择：{ $value }
browser-press = 按 { $key } 键
browser-wait = 等待
