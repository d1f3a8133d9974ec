"""A stand-in for Pulumi's Python language host (`pulumi-language-python`).

The vendor's host is a Go program that starts a second process, the Python executor, for each run. It is not published
as a Go module, so it cannot be built beside the engine. This one answers the engine's `LanguageRuntime` calls from
Python and runs the program in its own process: one interpreter start instead of two.

What a program sees is what the vendor's executor shows it: `sys.argv`, the working directory, `sys.path[0]`,
`__name__ == "__main__"`, stack configuration, secret keys and settings. Policy packs run in a process and a virtual
environment of their own. Code generation and templates are not provided: the engine is told so (`UNIMPLEMENTED`).
"""
