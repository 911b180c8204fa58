/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * html.h - the head of the page that html.c writes: spawnbench's style (bench/spawnbench/
 * report.html), as far as it is needed. Nothing is loaded, and no script runs.
 */
#ifndef FORKEXEC_CLI_HTML_H
#define FORKEXEC_CLI_HTML_H

#define HTML_HEAD                                                                                  \
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"                  \
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "    \
	"'unsafe-inline'\">\n"                                                                     \
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"               \
	"<title>Starts of programs</title>\n<style>\n"                                             \
	":root { --text: #1f2328; --soft: #59636e; --line: #8c959f; --faint: #dfe4ea; --page: #fff; " \
	"--box: #f6f8fa; --good: #0969da; --bad: #cf222e; color-scheme: light dark; }\n"           \
	"@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9ea7b3; --line: " \
	"#6e7681; --faint: #2d333b; --page: #0d1117; --box: #161b22; --good: #58a6ff; --bad: "     \
	"#f85149; } }\n"                                                                           \
	"* { box-sizing: border-box; }\n"                                                          \
	"body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); " \
	"max-width: 960px; margin: 1.5rem auto 4rem; padding: 0 1rem; overflow-wrap: anywhere; }\n" \
	"h1 { font-size: 1.6rem; margin: 0 0 .6rem; }\n"                                           \
	"h2 { font-size: 1.3rem; margin: 2.5rem 0 .4rem; padding-top: 1rem; border-top: 1px solid " \
	"var(--faint); }\n"                                                                        \
	"h3 { font-size: 1.05rem; margin: 1.4rem 0 .2rem; }\np { margin: .4rem 0; }\n"             \
	"code { font: .92em ui-monospace, monospace; }\n"                                          \
	".soft, figcaption { color: var(--soft); }\n.bad { color: var(--bad); }\n"                 \
	".answers { background: var(--box); border-left: 4px solid var(--good); padding: .8rem 1rem; }\n" \
	":focus-visible { outline: 3px solid var(--good); outline-offset: 2px; }\n"                \
	"figure { margin: .8rem 0; }\nfigcaption { font-size: .9rem; }\n"                          \
	".bars { display: flex; align-items: flex-end; gap: 1px; height: 9rem; border-bottom: 1px " \
	"solid var(--line); margin-top: .6rem; }\n"                                                \
	".bars span { flex: 1; background: var(--good); min-height: 0; display: flex; }\n"         \
	".bars i { background: var(--bad); width: 100%; align-self: flex-end; }\n"                 \
	".ends { display: flex; justify-content: space-between; font-size: .85rem; color: "        \
	"var(--soft); font-variant-numeric: tabular-nums; gap: 1rem; }\n"                          \
	".rows { display: grid; grid-template-columns: max-content 1fr max-content; gap: .1rem "   \
	".8rem; align-items: center; font-size: .9rem; font-variant-numeric: tabular-nums; }\n"    \
	".rows b { height: .8rem; background: var(--good); border-radius: 2px; min-width: 1px; }\n" \
	".rows span:nth-child(3n) { text-align: right; }\n.rows .none { min-width: 0; }\n"           \
	".list { list-style: none; padding: 0; margin: .5rem 0; font-size: .9rem; }\n"            \
	".list li { display: grid; grid-template-columns: 5rem 1fr; gap: .8rem; padding: .4rem 0; " \
	"border-top: 1px solid var(--faint); }\n"                                                 \
	".list b { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }\n" \
	".scroll { overflow-x: auto; }\n"                                                          \
	"table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; " \
	"margin: .5rem 0 1rem; width: 100%; }\n"                                                   \
	"th, td { padding: .25rem .5rem; text-align: right; vertical-align: top; white-space: nowrap; " \
	"border-bottom: 1px solid var(--faint); }\n"                                               \
	"thead th { font-weight: 600; color: var(--soft); }\n"                                     \
	"th:first-child, td:first-child { padding-left: 0; }\n"                                    \
	".text { text-align: left; white-space: normal; min-width: 10rem; }\ntbody .text { "        \
	"font-weight: normal; }\n"                                                                \
	"</style>\n</head>\n<body>\n"

#define TABLE(columns)                                                                             \
	"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table\"><table><thead><tr>" \
	columns "</tr></thead><tbody>"
#define HEADING(text) "<th scope=\"col\">" text "</th>"
#define WORDS(text)   "<th scope=\"col\" class=\"text\">" text "</th>"

#endif /* FORKEXEC_CLI_HTML_H */
