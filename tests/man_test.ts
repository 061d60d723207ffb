/**
 * The man pages tell of every option that --help tells of, and of no other.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
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

for (const { name } of Deno.readDirSync(man)) {
  Deno.test(
    needing({ peers: ["mandoc"] }, `${name} is a page for mandoc`),
    async () => {
      const { stdout } = await output("mandoc", [
        ...["-Tlint", "-Werror", new URL(name, man).pathname],
      ]);
      assertEquals(stdout, "");
    },
  );
}
