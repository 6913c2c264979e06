code-run-summary = 在沙箱中运行 Python 程序，不连接网络
code-program = 程序
code-files = 程序可以读取的文件
