import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReplaceError, replaceFile } from "../../lib/cdb/file.ts";
import { toBytes } from "../../lib/base/bytes.ts";
import { inFolder } from "../support/peers.ts";

const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** What replaceFile() calls its temporary file, and another program might. */
function foreseeing<T>(act: () => T): T {
  const real = crypto.randomUUID;
  crypto.randomUUID = () => "0-0-0-0-0";
  try {
    return act();
  } finally {
    crypto.randomUUID = real;
  }
}

Deno.test("replaceFile() writes through no link, whatever it is called", () =>
  inFolder((folder) => {
    const cdb = `${folder}/cdb`, victim = `${folder}/victim`;
    Deno.writeTextFileSync(victim, "precious");
    Deno.symlinkSync(victim, `${cdb}.0-0-0-0-0.tmp`);
    const error = foreseeing(() =>
      assertThrows(
        () => replaceFile(cdb, null, (file) => file.append(toBytes("new"))),
        ReplaceError,
      )
    ) as ReplaceError;
    assertEquals([error.step, error.temporary], [
      "create",
      `${cdb}.0-0-0-0-0.tmp`,
    ]);
    assertEquals(Deno.readTextFileSync(victim), "precious");
    // Somebody else's is not removed either.
    assertEquals(names(folder), ["cdb.0-0-0-0-0.tmp", "victim"]);
    return Promise.resolve();
  }));

Deno.test("replaceFile() calls no two temporary files the same", () =>
  inFolder((folder) => {
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      replaceFile(`${folder}/cdb`, null, () => {
        const [temporary] = names(folder).filter((name) => name !== "cdb");
        assert(/^cdb\.[0-9a-f-]{36}\.tmp$/.test(temporary), temporary);
        seen.add(temporary);
      });
    }
    assertEquals(seen.size, 20);
    assertEquals(names(folder), ["cdb"]);
    return Promise.resolve();
  }));

Deno.test("replaceFile() overwrites a temporary file that was named", () =>
  inFolder((folder) => {
    const [cdb, temporary] = [`${folder}/cdb`, `${folder}/tmp`];
    Deno.writeTextFileSync(temporary, "left behind by a crash");
    replaceFile(cdb, temporary, (file) => file.append(toBytes("new")));
    assertEquals(Deno.readTextFileSync(cdb), "new");
    assertEquals(names(folder), ["cdb"]);
    return Promise.resolve();
  }));

Deno.test("replaceFile() leaves the old file where filling failed", () =>
  inFolder((folder) => {
    const cdb = `${folder}/cdb`;
    Deno.writeTextFileSync(cdb, "old");
    for (const temporary of [null, `${folder}/tmp`]) {
      assertThrows(
        () =>
          replaceFile(cdb, temporary, (file) => {
            file.append(toBytes("new"));
            throw new Error("no rules");
          }),
        Error,
        "no rules",
      );
      assertEquals(Deno.readTextFileSync(cdb), "old");
      assertEquals(names(folder), ["cdb"]);
    }
    return Promise.resolve();
  }));
