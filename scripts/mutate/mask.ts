/**
 * The text of a module with all that is no code made blank: comments, strings,
 * the text of templates, regular expressions. Places stay the same.
 *
 * @module
 */
export function mask(source: string): string {
  const out = [...source].length === source.length
    ? source.split("")
    : Array.from({ length: source.length }, (_, i) => source[i]!);
  let at = 0;

  const blank = (end: number) => {
    for (; at < end; at++) if (out[at] !== "\n") out[at] = " ";
  };
  const toEndOf = (end: string) => {
    const found = source.indexOf(end, at + 2);
    return found < 0 ? source.length : found + end.length;
  };
  /** Where a string or a regular expression ends that begins here. */
  const quotedEnd = (quote: string) => {
    let inClass = false;
    for (let i = at + 1; i < source.length; i++) {
      const char = source[i];
      if (char === "\\") i++;
      else if (char === "\n") return i;
      else if (quote === "/" && char === "[") inClass = true;
      else if (quote === "/" && char === "]") inClass = false;
      else if (char === quote && !inClass) return i + 1;
    }
    return source.length;
  };
  /** A slash is a division behind a value, else it begins an expression. */
  const beginsRegExp = () => {
    const before = source.slice(0, at).trimEnd();
    return /(^|[(,=:[!&|?{};>\n]|\breturn)$/.test(before);
  };

  /** Code up to the brace that closes it, which belongs to a template. */
  const code = (isInTemplate: boolean) => {
    for (let depth = 0; at < source.length;) {
      const char = source[at]!;
      if (source.startsWith("//", at)) blank(toEndOf("\n") - 1);
      else if (source.startsWith("/*", at)) blank(toEndOf("*/"));
      else if (char === '"' || char === "'") quoted(char);
      else if (char === "`") template();
      else if (char === "/" && beginsRegExp()) quoted(char);
      else {
        if (char === "{") depth++;
        if (char === "}" && depth-- === 0 && isInTemplate) return;
        at++;
      }
    }
  };
  /** The quotes stay, so that it is seen that something is there. */
  const quoted = (quote: string) => {
    const end = quotedEnd(quote);
    at++;
    blank(end - 1);
    at = end;
  };
  const template = () => {
    for (at++; at < source.length && source[at] !== "`";) {
      if (source.startsWith("${", at)) {
        at += 2;
        code(true);
        at++;
      } else blank(at + (source[at] === "\\" ? 2 : 1));
    }
    at++;
  };

  code(false);
  return out.join("");
}
