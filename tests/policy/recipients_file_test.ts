import { into } from "../support/troubles.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { recipientsFile } from "../../lib/policy/recipients_file.ts";
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
