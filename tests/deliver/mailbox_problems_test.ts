import { assertEquals } from "@std/assert";
import { MailboxPath } from "../../lib/deliver/mailbox.ts";
import { mailboxProblems } from "../../lib/deliver/mailbox_problems.ts";
import { inFolder } from "../support/peers.ts";

Deno.test("a Maildir's path is looked at as far as it is known", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/whole/tmp`, { recursive: true });
    await Deno.mkdir(`${folder}/whole/new`);
    await Deno.mkdir(`${folder}/half/tmp`, { recursive: true });
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/odd`);
    await Deno.writeTextFile(`${folder}/odd/new`, "");
    const missing = "file does not exist", noFolder = "not a directory";
    const rows: [template: string, where: string, why: string][] = [
      ["whole", "", ""],
      ["half", "", ""],
      ["none/at/all", "", ""],
      ["{user}", "", ""],
      ["whole/{domain}/{user}/Maildir", "", ""],
      ["file", "", noFolder],
      ["file/Maildir", "", noFolder],
      ["odd", "odd/new", noFolder],
      ["file/{user}", "file", noFolder],
      ["none/{user}", "none", missing],
    ];
    for (const creates of [false, true]) {
      for (const [template, where, why] of rows) {
        const path = `${folder}/${template}`;
        const place = where === "" ? "" : `${folder}/${where}: `;
        assertEquals(
          mailboxProblems(new MailboxPath(path), creates),
          // What is missing is made, if that is wanted.
          why === "" || creates && why === missing
            ? []
            : [`unable to deliver to ${path}: ${place}${why}`],
          template,
        );
      }
    }
  }));
