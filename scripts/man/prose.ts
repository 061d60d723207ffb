/**
 * English as it stands in the tables of options, made into mdoc(7). In it
 *
 *     --limit and -x   are options
 *     <dir>            is an argument
 *     $PATH            is a variable
 *     `text`           is meant letter by letter
 *     postern-serve(1) is another page
 *
 * an empty line ends a paragraph, and a full stop at the end of a line ends a
 * sentence.
 *
 * @module
 */

const widest = 78;

/** Lines of mdoc. */
export function mdoc(prose: string): string[] {
  return prose.trim().split(/\n{2,}/).flatMap((paragraph, i) => [
    ...(i === 0 ? [] : [".Pp"]),
    ...sentences(paragraph).flatMap(sentence),
  ]);
}

function sentences(paragraph: string): string[] {
  return paragraph.split(/(?<=[.:!?)]`?)\n/).map((each) =>
    each.replaceAll("\n", " ")
  );
}

/** The lines of one sentence: a macro has a line of its own. */
function sentence(text: string): string[] {
  const lines: string[] = [];
  let words = "";
  const flush = () => {
    if (words !== "") lines.push(guarded(words));
    words = "";
  };
  for (const [token] of text.matchAll(/\(?`[^`]+`\S*|\S+/g)) {
    const macro = macroOf(token);
    if (macro !== null) {
      flush();
      lines.push(macro);
    } else if (words !== "" && words.length + 1 + token.length > widest) {
      flush();
      words = escaped(token);
    } else words += (words === "" ? "" : " ") + escaped(token);
  }
  flush();
  return lines;
}

const pageName = /^(\(?)([a-z][\w.-]*)\((\d)\)([.,;:)]*)$/;
const anyWord = /^(\(?)(.*?)([.,;:)]*)$/s;

/** A word with a meaning, with the punctuation around it; null for others. */
function macroOf(token: string): string | null {
  const page = pageName.exec(token);
  if (page) {
    const [, open, name, section, close] = page;
    return call(open, `Xr ${name} ${section}`, close);
  }
  const [, open, core, close] = anyWord.exec(token)!;
  const macro = macroOfCore(core);
  return macro && call(open, macro, close);
}

const call = (open: string, macro: string, close: string) =>
  [(open === "" ? "." : ".No \\&( Ns ") + macro, ...close].join(" ");

function macroOfCore(core: string): string | null {
  const match = (pattern: RegExp) => pattern.exec(core)?.[1];
  const option = match(/^-(-[a-z][\w-]*|[A-Za-z\d])$/);
  if (option) return `Fl ${option}`;
  const argument = match(/^<(.+)>$/);
  if (argument) return argumentMacro(argument);
  const variable = match(/^\$([A-Z_]+)$/);
  if (variable) return `Ev ${variable}`;
  const literal = match(/^`(.+)`$/);
  return literal ? `Li ${literal.split(" ").map(word).join(" ")}` : null;
}

/** `n/seconds` is two of them. */
export const argumentMacro = (name: string): string =>
  name.split("/").map((each) => `Ar ${each}`).join(" Ns / Ns ");

/** A word as an argument of a macro: no macro, no punctuation of it. */
function word(text: string): string {
  const plain = escaped(text).replaceAll('"', "\\(dq");
  return /^(?:[A-Z][a-z]|\W)$/.test(text) ? `\\&${plain}` : plain;
}

const escaped = (text: string) => text.replaceAll("\\", "\\e");

/** A line of text that could be taken for a request. */
const guarded = (line: string) => /^[.']/.test(line) ? `\\&${line}` : line;
