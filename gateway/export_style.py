"""How an exported page looks, in the light and in the dark."""

STYLE = """\
:root { color-scheme: light dark; --line: #8884; --faint: #8881; --quiet: #777; }
@media (prefers-color-scheme: dark) { :root { --quiet: #999; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 48rem; padding: 1.5rem 1rem 4rem; line-height: 1.5;
  font-family: system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { color: var(--quiet); font-size: .85rem; font-weight: 600; margin: 2rem 0 .5rem;
  text-align: center; }
h3, h4, h5, h6 { font-size: 1rem; margin: .5rem 0; }
dl { color: var(--quiet); display: grid; font-size: .85rem; gap: 0 1rem;
  grid-template-columns: max-content 1fr; }
dd { margin: 0; }
article { border-left: 3px solid var(--line); margin: 1rem 0; padding: 0 0 0 .9rem; }
article > h3 { font-size: .9rem; margin: 0 0 .25rem; }
article > h3 > time { color: var(--quiet); font-weight: 400; margin-left: .5rem; }
article p { margin: .5rem 0; }
.user { background: var(--faint); border-color: #3b82f6; border-radius: 0 .4rem .4rem 0;
  padding: .5rem .9rem; }
.assistant { border-color: #10b981; }
.summary { border-style: dashed; }
.notice, .tool, .deletion { color: var(--quiet); }
.correction { border-style: dotted; }
.written { white-space: pre-wrap; }
.note { color: var(--quiet); font-size: .85rem; }
pre { background: var(--faint); border-radius: .4rem; overflow-x: auto; padding: .75rem;
  overflow-wrap: normal; }
code { background: var(--faint); border-radius: .2rem; padding: 0 .2rem; }
blockquote { border-left: 2px solid var(--line); margin: .5rem 0; padding-left: .75rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .2rem .6rem; }
.left { text-align: left; }
.center { text-align: center; }
.right { text-align: right; }
@media print { article { break-inside: avoid; } }
"""
