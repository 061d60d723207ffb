/**
 * A folder of variables, as envdir reads it.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { textWord, valueOf, type Word, written } from "./word.ts";

/**
 * Takes over what the folder sets, or keeps the program where that cannot be
 * known.
 *
 * @param words of the program and its arguments
 * @param isSpecial options change what it does: it is kept
 */
export function readEnvdir(
  words: readonly Word[],
  folder: Word,
  isSpecial: boolean,
  chain: Chain,
): void {
  const path = valueOf(folder);
  const { line } = folder;
  const names = path === null || isSpecial ? null : chain.machine.list(path);
  const read = names?.map((name) =>
    [name, chain.machine.bytes(`${path}/${name}`)] as const
  );
  if (!read || read.some(([, bytes]) => bytes === null)) {
    chain.keep(words, `${written(folder)} cannot be read here`);
    if (!chain.isBehind) {
      chain.remark(
        line,
        `${words.map(written).join(" ")}: stays in front; what ` +
          `${written(folder)} sets cannot be read here`,
      );
    }
    return;
  }
  for (const [name, bytes] of read) {
    if (name.startsWith(".") || name.includes("=")) continue;
    if (bytes!.length === 0) {
      chain.unset.add(name);
      chain.env.delete(name);
      continue;
    }
    const [first] = new TextDecoder().decode(bytes!).split("\n");
    const value = first.replace(/[ \t]+$/, "").replaceAll("\0", "\n");
    chain.variable(name, textWord(value, line));
  }
  chain.remark(line, `what ${path} sets is in the line, as it is now`);
}
