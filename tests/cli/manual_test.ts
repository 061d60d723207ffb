/**
 * Manual pages as `postern help` shows them, beside mandoc's own: the same
 * words in the same order, within the width.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { renderPage } from "../../lib/cli/manual/page.ts";
import { overstruck, plain } from "../../lib/cli/manual/pieces.ts";
import { needing, output } from "../support/peers.ts";

const man = new URL("../../scripts/man/", import.meta.url);
const pages = [...Deno.readDirSync(man)].map(({ name }) => name)
  .filter((name) => /\.\d$/.test(name)).sort();

/** All that can be seen, without the lines at the top and at the bottom. */
function seen(text: string): string {
  const lines = text.trim().split("\n").slice(1, -1);
  // Some quotes, and marks of lists, have several looks.
  return lines.join("").replace(/[`’‘]/g, "'").replace(/\s+/g, "");
}

for (const name of pages) {
  const path = fileURLToPath(new URL(name, man));
  Deno.test(
    needing({ peers: ["mandoc"] }, `${name} has mandoc's words`),
    async () => {
      const { stdout } = await output("mandoc", ["-Tascii", path]);
      // Bold and underlined letters are printed twice.
      const theirs = seen(stdout.replaceAll("+\bo", "o").replace(/.[\b]/g, ""));
      const ours = seen(renderPage(Deno.readTextFileSync(path), 80, plain));
      if (ours === theirs) return;
      const at = [...ours].findIndex((letter, i) => letter !== theirs[i]);
      const part = (text: string) => text.slice(Math.max(0, at - 60), at + 60);
      assertEquals(part(ours), part(theirs));
    },
  );

  Deno.test(`${name} fits the width`, () => {
    const page = Deno.readTextFileSync(path);
    const typed = page.replaceAll("\\e", "\\").replaceAll("\\(aq", "'")
      .replaceAll("\\(dq", '"').replaceAll("\\&", "");
    for (const width of [60, 80, 100]) {
      for (const line of renderPage(page, width, plain).split("\n")) {
        // What is typed stays as it is, and a table is as wide as it is.
        const mayBeLong = /^ {11}|\S {2,}\S|^\s*\S+$/.test(line) ||
          typed.includes(line.trim());
        assert(line.length <= width || mayBeLong, `${width}: ${line}`);
      }
    }
  });
}

const page = `.Dd November 26, 2026
.Dt EXAMPLE 1
.Os
.Sh NAME
.Nm example
.Nd a page
.Sh SYNOPSIS
.Nm
.Op Fl x , -rules Ar cdb
.Ar host
.Sh DESCRIPTION
.Nm
reads
.Pa /etc/x ,
see
.Xr other 5 .
.Bl -tag -width Ds
.It Fl a
Short
.It Fl -a-long-one Ar n Ns / Ns Ar m
Not short.
.El
.Bd -literal -offset indent
as  it \\e
    is
.Ed
`;

Deno.test("a page, line by line", () => {
  assertEquals(
    renderPage(page, 44, plain),
    `EXAMPLE(1)                        EXAMPLE(1)

NAME
     example - a page

SYNOPSIS
     example [-x, --rules cdb] host

DESCRIPTION
     example reads /etc/x, see other(5).

     -a      Short

     --a-long-one n/m
             Not short.

           as  it \\
               is

             November 26, 2026`,
  );
});

Deno.test("on a terminal what is typed is bold, and what is replaced underlined", () => {
  const text = renderPage(page, 44, overstruck);
  assert(text.includes("-\b--\b-r\bru\bul\ble\bes\bs _\bc_\bd_\bb]"), text);
  assertEquals(text.replace(/.[\b]/g, ""), renderPage(page, 44, plain));
});
