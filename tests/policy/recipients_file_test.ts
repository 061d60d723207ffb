import { into } from "../support/troubles.ts";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Unusable } from "../../lib/base/unusable.ts";
import {
  checkRecipientsFile,
  recipientsFile,
} from "../../lib/policy/recipients_file.ts";
import { inFolder } from "../support/peers.ts";
import { question } from "../support/question.ts";

Deno.test("recipientsFile() sees a new list at once, and defers without one", () =>
  inFolder(async (folder) => {
    const path = `${folder}/recipients`;
    const log: string[] = [];
    const policy = recipientsFile(path, into(log));
    const ask = async () => (await policy(question({ recipient: "a@b" }))).type;
    assertEquals(await ask(), "later");
    await Deno.writeTextFile(path, "a@b\n");
    assertEquals(await ask(), "accept");
    await Deno.writeTextFile(`${path}.tmp`, "x@b\n");
    await Deno.rename(`${path}.tmp`, path);
    assertEquals(await ask(), "never");
    await Deno.remove(path);
    assertEquals(await ask(), "later");
    assertEquals(log.length, 2);
    assertMatch(log[0], /unable to read .*: file does not exist$/);
  }));

Deno.test("recipientsFile() defers with a cdb that is none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/recipients.cdb`;
    await Deno.writeTextFile(path, "a@b\n");
    const policy = recipientsFile(path, () => {});
    assertEquals((await policy(question())).type, "later");
  }));

Deno.test("recipientsFile() tells a lasting trouble once, with its lines", () =>
  inFolder(async (folder) => {
    const path = `${folder}/recipients`;
    const log: string[] = [];
    const policy = recipientsFile(path, into(log));
    const ask = async (recipient = "a@b") =>
      (await policy(question({ recipient }))).type;
    const write = async (text: string) => {
      await Deno.writeTextFile(`${path}.new`, text);
      await Deno.rename(`${path}.new`, path);
    };
    const wrong = [
      `${path}: line 2: "a b" is no address, no @domain and no local name: a blank is in it`,
      `${path}: line 3: "@" is no address, no @domain and no local name: no domain is behind the @`,
    ];
    await write("a@b\na b\n@\n");
    for (let i = 0; i < 3; i++) assertEquals(await ask(), "later");
    assertEquals(log, wrong);
    await write("\ufeffa@b\r\n");
    assertEquals([await ask(), await ask("x@b")], ["accept", "never"]);
    await write("a@b\na b\n@\n");
    assertEquals([await ask(), await ask()], ["later", "later"]);
    assertEquals(log, [...wrong, ...wrong]);
  }));

Deno.test("checkRecipientsFile() tells what is of no use", () =>
  inFolder(async (folder) => {
    const path = `${folder}/recipients`;
    const error = assertThrows(() => checkRecipientsFile(path), Unusable);
    assertEquals((error as Unusable).problems, [
      `--recipients: unable to read ${path}: file does not exist`,
    ]);
    assertEquals((error as Unusable).forGood, false);
    await Deno.writeTextFile(path, "@\n");
    const wrong = assertThrows(() => checkRecipientsFile(path), Unusable);
    assertEquals((wrong as Unusable).forGood, true);
    await Deno.writeTextFile(path, "a@b\n");
    checkRecipientsFile(path);
  }));
