/**
 * The man pages tell of every option that --help tells of, and of no other,
 * as the tables have them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { optionsSection, pages, withSection } from "../scripts/man/options.ts";
import { argumentMacro, mdoc } from "../scripts/man/prose.ts";
import { needing, output, postern } from "./support/peers.ts";

const man = new URL("../scripts/man/", import.meta.url);

for (
  const [subcommand, page] of [
    ["serve", "postern-serve.1"],
    ["smtpd", "postern-smtpd.8"],
  ]
) {
  Deno.test(
    needing({}, `${page} has the options of ${subcommand} --help`),
    async () => {
      const { stdout } = await output(postern, [subcommand, "--help"]);
      const options = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)]
        .map(([, name]) => name).filter((name) => name !== "help");
      const text = Deno.readTextFileSync(new URL(page, man));
      const items = text.split("\n").filter((line) =>
        /^\.It Fl|^\.Fl -hash/.test(line)
      );
      const described = items.flatMap((line) =>
        [...line.matchAll(/(?:Fl|,) -([\w-]+)/g)].map(([, name]) => name)
      );
      assertEquals(new Set(described), new Set(options));
    },
  );
}

for (const [command, name] of Object.entries(pages)) {
  Deno.test(`${name} has the section that the table makes`, async () => {
    const page = Deno.readTextFileSync(new URL(name, man));
    // Remedy: deno run -A scripts/man/options.ts
    assertEquals(withSection(page, await optionsSection(command)), page);
  });
}

Deno.test("prose becomes mdoc: a macro for each kind of word", () => {
  const prose: [string, string[]][] = [
    ["plain words.", ["plain words."]],
    ["One.\nTwo, in\ntwo lines.", ["One.", "Two, in two lines."]],
    ["One.\n\nTwo.", ["One.", ".Pp", "Two."]],
    ["See --limit.", ["See", ".Fl -limit ."]],
    ["(see -x), then", ["(see", ".Fl x ) ,", "then"]],
    ["(--check only)", [".No \\&( Ns Fl -check", "only)"]],
    ["a burst of <n>,", ["a burst of", ".Ar n ,"]],
    ["in $PATH", ["in", ".Ev PATH"]],
    ['`a "b" | -c`;', [".Li a \\(dqb\\(dq \\&| -c ;"]],
    ["see postern-serve(1).", ["see", ".Xr postern-serve 1 ."]],
    ["`It is`", [".Li \\&It is"]],
    [".example and \\ stay", ["\\&.example and \\e stay"]],
    ["0 - 1, 127.0.0.0/8 (RFC 1)", ["0 - 1, 127.0.0.0/8 (RFC 1)"]],
  ];
  for (const [text, lines] of prose) assertEquals(mdoc(text), lines, text);
  assertEquals(argumentMacro("n/seconds"), "Ar n Ns / Ns Ar seconds");
});

for (const { name } of Deno.readDirSync(man)) {
  if (!/\.\d$/.test(name)) continue;
  Deno.test(
    needing({ peers: ["mandoc"] }, `${name} is a page for mandoc`),
    async () => {
      const { stdout } = await output("mandoc", [
        ...["-Tlint", "-Werror", fileURLToPath(new URL(name, man))],
      ]);
      assertEquals(stdout, "");
    },
  );
}
