/**
 * An execline script, whose whole is one chain: its blocks and variables are
 * looked at, what is left goes on like a line for a shell.
 *
 * @module
 */
import { Untranslatable } from "./remark.ts";
import { quoted } from "./word.ts";

/** Whether the first line says that it is one. */
export const isExecline = (source: string): boolean =>
  /^#![^\n]*\bexeclineb\b/.test(source);

interface Token {
  readonly text: string;
  readonly line: number;
  /** A brace, and not a word. */
  readonly isBrace: boolean;
}

/** Commands with a block in front of the rest, which is run first. */
const withBlock = [
  "foreground",
  "background",
  "if",
  "ifthenelse",
  "multisubstitute",
];

/**
 * The same chain for a shell, each word on the line that it was on.
 *
 * @throws Untranslatable
 */
export function asShell(source: string): string {
  const tokens = tokensOf(source);
  const front: string[] = [];
  let at = 0;
  for (; at < tokens.length;) {
    const { text, line } = tokens[at];
    if (withBlock.includes(text)) {
      at = behindBlock(tokens, at + 1, line);
    } else if (text === "fdmove" || text === "fdswap") {
      const isCopy = tokens[at + 1]?.text === "-c";
      at += isCopy ? 4 : 3;
      front.push("exec 2>&1");
    } else if (text === "emptyenv") {
      at += tokens[at + 1]?.text.startsWith("-") ? 2 : 1;
    } else if (text === "export") {
      front.push(
        `export ${tokens[at + 1].text}=${quoted(tokens[at + 2].text)}`,
      );
      at += 3;
    } else if (text === "cd" || text === "umask") {
      front.push(`${text} ${quoted(tokens[at + 1].text)}`);
      at += 2;
    } else if (text === "define") {
      front.push(`${tokens[at + 1].text}=${quoted(tokens[at + 2].text)}`);
      at += 3;
    } else if (text === "importas") {
      at++;
      while (tokens[at]?.text.startsWith("-")) {
        at += tokens[at].text === "-D" ? 2 : 1;
      }
      at += 2;
    } else if (text === "backtick") {
      at++;
      while (tokens[at]?.text.startsWith("-")) at++;
      const name = tokens[at].text;
      const end = behindBlock(tokens, at + 1, line);
      const words = tokens.slice(at + 2, end - 1).map(shellWord);
      front.push(`${name}=\`${words.join(" ")}\``);
      at = end;
    } else break;
  }
  let text = front.join("; "), line = 1;
  if (text !== "") text += "; ";
  for (const token of tokens.slice(at)) {
    text += token.line > line ? "\\\n".repeat(token.line - line) : "";
    line = token.line;
    text += `${shellWord(token)} `;
  }
  return text;
}

/** `${NAME}` is all that execline expands, as one word. */
const shellWord = ({ text }: Token): string =>
  /\$\{\w+\}/.test(text)
    ? `"${text.replace(/[\\"`]/g, "\\$&")}"`
    : quoted(text);

function behindBlock(
  tokens: readonly Token[],
  at: number,
  line: number,
): number {
  let depth = 0;
  for (; at < tokens.length; at++) {
    const { isBrace, text } = tokens[at];
    if (isBrace) depth += text === "{" ? 1 : -1;
    if (depth === 0 && isBrace) return at + 1;
  }
  throw new Untranslatable(line, "a block has no end");
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  const pattern =
    /(\n)|[ \t\r]+|#[^\n]*|((?:[^\s"#\\]|\\.|"(?:[^"\\]|\\.)*")(?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")*)/gsy;
  for (const [all, newline, word] of source.matchAll(pattern)) {
    if (newline !== undefined) line++;
    if (word === undefined) continue;
    const isBrace = word === "{" || word === "}";
    const text = word.replace(
      /"((?:[^"\\]|\\.)*)"|\\(.)/gs,
      (_, inside?: string, escaped?: string) =>
        inside?.replace(/\\(.)/gs, "$1") ?? escaped ?? "",
    );
    tokens.push({ text, line, isBrace });
    line += all.split("\n").length - 1;
  }
  return tokens;
}
