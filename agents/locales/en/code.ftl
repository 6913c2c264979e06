code-run-summary = Run a Python program in the sandbox, without network
code-program = Program
code-files = Files it can read
