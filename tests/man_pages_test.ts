/**
 * Each command has its page, under its classic names too; what a page names is
 * there, and what is made of the tables is as they have it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { commands } from "../cmd/commands.ts";
import { spellingsIn } from "../lib/cli/command_line.ts";
import { readManPages } from "../lib/bundled/man_pages.ts";
import { pages as pagesWithOptions } from "../scripts/man/options.ts";
import { others, withOthers } from "../scripts/man/others.ts";
import { needing, output } from "./support/peers.ts";

const folder = new URL("../scripts/man/", import.meta.url);
const pages = readManPages(folder);
const names = Object.keys(pages);

/** The page of a command, whatever its section is. */
const pageOf = (command: string) =>
  names.find((name) => name.replace(/\.\d$/, "") === `postern-${command}`);

for (const { name, classicNames, load } of commands) {
  Deno.test(`${name} has a page, with its names and its options`, async () => {
    const file = pageOf(name);
    assert(file !== undefined, `scripts/man/postern-${name}.N is missing`);
    const page = pages[file];
    const title = `postern-${name}`.toUpperCase();
    assert(page.includes(`.Dt ${title} ${file.at(-1)}\n`), "its title");
    for (const section of ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS"]) {
      assert(page.includes(`\n.Sh ${section}\n`), section);
    }
    // Under other names it is found by man(1) where those stand in NAME.
    for (const classic of classicNames) {
      assert(new RegExp(`^\\.Nm ${classic}\\b`, "m").test(page), classic);
    }
    const { groups } = await (await load()).describe();
    const longs = spellingsIn({ groups }).map(({ long }) => long);
    for (const long of longs) {
      assert(new RegExp(`Fl.* -${long}\\b`).test(page), `--${long}`);
    }
    // Remedy: its row in scripts/man/options.ts.
    if (longs.length > 0) assertEquals(pagesWithOptions[name], file);
  });
}

for (const [file, page] of Object.entries(pages)) {
  Deno.test(
    needing(
      { peers: ["mandoc"] },
      `${file} gives mandoc no cause for a warning`,
    ),
    async () => {
      const path = new URL(file, folder).pathname;
      const { stdout } = await output("mandoc", [
        ...["-Tlint", "-Wwarning", path],
      ]);
      const lines = stdout.split("\n").filter((line) =>
        line !== "" && !line.includes("referenced manual not found")
      );
      assertEquals(lines, []);
    },
  );

  Deno.test(`${file} names pages that are there, and not itself`, () => {
    const references = [...page.matchAll(/\bXr (postern[\w-]*) (\d)/g)]
      .map(([, name, section]) => `${name}.${section}`);
    assertEquals(references.filter((each) => !names.includes(each)), []);
    const [, also] = page.split(".Sh SEE ALSO\n");
    assert(also !== undefined, "SEE ALSO");
    const seen = [...also.matchAll(/^\.Xr (\S+) (\d)/gm)]
      .map(([, name, section]) => `${section} ${name}`);
    assert(!seen.includes(`${file.at(-1)} ${file.slice(0, -2)}`), "itself");
    assertEquals(seen, [...seen].sort(), "by section, then by name");
    assertEquals(seen.length, new Set(seen).size);
    if (file !== "postern.1") assert(seen.includes("1 postern"), "postern(1)");
  });
}

for (const [file, make] of Object.entries(others)) {
  Deno.test(`${file} has what the tables make`, async () => {
    // Remedy: deno run -A scripts/man/options.ts
    assertEquals(withOthers(pages[file], await make()), pages[file]);
  });
}
