/**
 * postern help NAME: the manual page of a command or a format.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { type ManPages, manPages } from "../lib/bundled/man_pages.ts";
import { helpWidth } from "../lib/cli/help.ts";
import { renderPage } from "../lib/cli/manual/page.ts";
import { overstruck, plain } from "../lib/cli/manual/pieces.ts";
import { page } from "../lib/cli/pager.ts";
import { commands } from "./commands.ts";
import { unknown } from "./usage.ts";

/**
 * Shows a page: `serve` and `tcpserver` have the same, and `config` is short
 * for `postern-config`. Throws Fatal.
 */
export async function help(word: string): Promise<number> {
  const text = pageFor(word, await manPages());
  if (text === undefined) throw new Fatal(100, unknown(word));
  const width = helpWidth();
  await page(
    renderPage(text, width, plain),
    renderPage(text, width, overstruck),
  );
  return 0;
}

function pageFor(word: string, pages: ManPages): string | undefined {
  if (word === "help") return pageFor("postern", pages);
  const command = commands.find(({ name, classicNames }) =>
    name === word || classicNames.includes(word)
  );
  const names = command ? [`postern-${command.name}`] : [
    word,
    `postern-${word}`,
  ];
  const found = Object.keys(pages).find((page) =>
    names.includes(page.replace(/\.\d$/, ""))
  );
  return found && pages[found];
}
