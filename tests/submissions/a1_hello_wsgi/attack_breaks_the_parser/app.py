# [2J]0;100/100 ::error:: <script>alert(1)</script>
import sys

TEXT = "\x1b[31m<script>\n::error::\u202e]]>"
KINDS = (
    SyntaxError(TEXT, (__file__, 10**30, -5, TEXT, 10**9, -1)),
    IndentationError(TEXT, (__file__ + TEXT, 0, 0, TEXT)),
    SyntaxError(TEXT, (TEXT, True, 1.5, b"")),
    SyntaxError(),
    SyntaxError(TEXT * 1000, (__file__, 3, 1, TEXT * 100000)),
)
raise KINDS[len(sys.path) % 5] from SyntaxError(TEXT, (__file__, 2, 1, TEXT))
