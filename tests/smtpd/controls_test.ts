import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "../../cmd/smtpd_options.ts";
import { Unusable } from "../../lib/base/unusable.ts";
import { ControlFiles } from "../../lib/smtpd/control_files.ts";
import { type Controls, ControlSource } from "../../lib/smtpd/controls.ts";
import { question } from "../support/question.ts";
import { inFolder, output } from "../support/peers.ts";

type Files = Record<string, string | Uint8Array>;

/** Reads what files, and options, say. */
async function controls(
  folder: string,
  files: Files,
  ...args: string[]
): Promise<Controls> {
  for (const { name } of [...Deno.readDirSync(folder)]) {
    await Deno.remove(`${folder}/${name}`);
  }
  for (const [name, text] of Object.entries(files)) {
    const bytes = typeof text === "string"
      ? Uint8Array.from(text, (each) => each.charCodeAt(0))
      : text;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
  const given = ["--control", folder, ...args];
  const options = (await parseOptions(given, "postern smtpd"))!;
  return new ControlSource(options).read(new ControlFiles(folder));
}

const bom = "\xef\xbb\xbf";

/** As they come from an editor of another system. */
const foreign: Files = {
  me: `${bom}mx.example.org\r\n`,
  smtpgreeting: `${bom}mx.example.org hello \r\n`,
  localiphost: " mail.example.org\t\r\n",
  timeoutsmtpd: `${bom}77\r\n`,
  databytes: "1000 \r\n",
  rcpthosts: `${bom}a.example\r\n.b.example\r\n`,
  badmailfrom: `${bom}@spam.example\r\n`,
  badrcptto: `${bom}x@a.example\r\n`,
};

const asked = (controls: Controls) => ({
  greeting: controls.greeting,
  me: controls.me,
  localIpHost: controls.localIpHost,
  idleSeconds: controls.patience.idleSeconds,
  databytes: controls.databytes,
  accepts: ["a.example", "x.b.example"].map(controls.accepts),
  refuses: controls.refuses("x@spam.example"),
});

Deno.test("control files lose CR, byte order mark and blanks", () =>
  inFolder(async (folder) => {
    const read = await controls(folder, foreign);
    assertEquals(asked(read), {
      greeting: "mx.example.org hello",
      me: "mx.example.org",
      localIpHost: "mail.example.org",
      idleSeconds: 77,
      databytes: 1000,
      accepts: [true, true],
      refuses: true,
    });
    const recipient = "x@a.example";
    const { type } = await read.badRcptTo!(question({ recipient }));
    assertEquals(type, "never");
  }));

Deno.test("with --classic they are read as qmail reads them", () =>
  inFolder(async (folder) => {
    assertEquals(asked(await controls(folder, foreign, "--classic")), {
      greeting: `${bom}mx.example.org hello \r`,
      me: `${bom}mx.example.org\r`,
      localIpHost: " mail.example.org\t\r",
      idleSeconds: 1200,
      databytes: 1000,
      accepts: [false, false],
      refuses: false,
    });
    const nonsense = {
      me: "a b",
      rcpthosts: "a b\n@\n",
      badmailfrom: "\0",
      databytes: "x",
    };
    const read = await controls(folder, nonsense, "--classic");
    assertEquals([read.me, read.databytes], ["a b", 0]);
  }));

Deno.test("an option counts in the place of its file", () =>
  inFolder(async (folder) => {
    const nonsense = { me: "a b", rcpthosts: "a b\n", databytes: "x" };
    const read = await controls(
      folder,
      nonsense,
      ...["--me", " mx.example ", "--rcpthosts", "a.example, b.example"],
      ...["--databytes", "5"],
    );
    assertEquals([read.me, read.databytes], ["mx.example", 5]);
    assertEquals(
      ["a.example", "b.example", "mx.example"].map(read.accepts),
      [true, true, false],
    );
    const list = await controls(
      folder,
      { me: "mx.example\n", list: `${bom}c.example\r\n` },
      ...["--rcpthosts", `${folder}/list`],
    );
    assertEquals(["c.example", "d.example"].map(list.accepts), [true, false]);
  }));

Deno.test("a number or a greeting that is empty is as if it were not there", () =>
  inFolder(async (folder) => {
    const files = { me: "m\n", databytes: "\n", smtpgreeting: "\r\n" };
    const read = await controls(folder, files);
    assertEquals([read.greeting, read.databytes], ["m", 50 << 20]);
  }));

/** Files and options, and what is wrong with them, {} being the folder. */
const wrong: [files: Files, args: string[], problems: string[]][] = [
  [{ me: "a b\n" }, [], ['{}/me: line 1: "a b" is no host name']],
  [{ me: "" }, [], ['{}/me: line 1: "" is no host name']],
  [{ me: "u@a.example\n" }, [], [
    '{}/me: line 1: "u@a.example" is no host name',
  ]],
  [{}, ["--me", "a b"], ['--me: "a b" is no host name']],
  [{ me: "\xff\xfem\0" }, [], ["{}/me: this is UTF-16: save it as UTF-8"]],
  [{ me: "m", localiphost: "a b" }, [], [
    '{}/localiphost: line 1: "a b" is no host name',
  ]],
  [{ me: "m", databytes: "10M\n", timeoutsmtpd: "-1" }, [], [
    '{}/timeoutsmtpd: line 1: "-1" is no whole number',
    '{}/databytes: line 1: "10M" is no whole number',
  ]],
  [{ me: "m", rcpthosts: "ok\n@\n", badrcptto: "\nx@\n" }, [], [
    '{}/rcpthosts: line 2: "@" is no domain: no @ is in a domain',
    '{}/badrcptto: line 2: "x@" is neither an address nor @domain: ' +
    "no domain is behind the @",
  ]],
  [{ me: "m", l: "a b" }, ["--badmailfrom", "{}/l"], [
    '{}/l: line 1: "a b" is neither an address nor @domain: a blank is in it',
  ]],
  [{ me: "m" }, ["--badrcptto", "a@b,,"], [
    "--badrcptto: item 2 is empty",
    "--badrcptto: item 3 is empty",
  ]],
];

/** The same of what cannot be read, which an edit may not mend. */
const unread: typeof wrong = [
  [{ rcpthosts: "a\n" }, [], [
    "unable to read {}/me: file does not exist, and there is no --me",
  ]],
  [{ me: "m" }, ["--rcpthosts", "/nofile", "--badmailfrom", "{}/x/y"], [
    "--rcpthosts: unable to read /nofile: file does not exist",
    "--badmailfrom: unable to read {}/x/y: file does not exist",
  ]],
  [{ me: "m", f: "" }, ["--rcpthosts", "{}/f/y", "--badrcptto", "{}"], [
    "--rcpthosts: unable to read {}/f/y: not a directory",
    "--badrcptto: unable to read {}: is a directory",
  ]],
  [{ me: "m", "morercpthosts.cdb": "a\n" }, [], [
    "unable to read {}/morercpthosts.cdb: it is a text: compile it first",
  ]],
];

Deno.test("all that is wrong is told at once, with file and line", () =>
  inFolder(async (folder) => {
    for (const table of [wrong, unread]) {
      for (const [files, args, problems] of table) {
        const here = (text: string) => text.replaceAll("{}", folder);
        let error: unknown;
        try {
          await controls(folder, files, ...args.map(here));
        } catch (thrown) {
          error = thrown;
        }
        const { problems: found, forGood } = error as Unusable;
        assertEquals(found, problems.map(here));
        assertEquals(forGood, table === wrong);
      }
    }
  }));

Deno.test("a FIFO is not waited for, whatever names it", () =>
  inFolder(async (folder) => {
    const fifo = `${folder}/list`;
    await output("mkfifo", [fifo]);
    const options = (await parseOptions(
      ["--control", folder, "--me", "m", "--rcpthosts", fifo],
      "postern smtpd",
    ))!;
    assertThrows(
      () => new ControlSource(options).read(new ControlFiles(folder)),
      Unusable,
      `--rcpthosts: unable to read ${fifo}: it is a FIFO`,
    );
  }));

Deno.test("a list that stays the same is the same, and a new one counts", () =>
  inFolder(async (folder) => {
    const write = (text: string) =>
      Deno.writeTextFile(`${folder}/rcpthosts`, text);
    await write("a.example\n");
    const options = (await parseOptions(
      ["--control", folder, "--me", "m"],
      "postern smtpd",
    ))!;
    const source = new ControlSource(options);
    const accepts = () => {
      const { accepts } = source.read(new ControlFiles(folder));
      return ["a.example", "b.example"].map(accepts);
    };
    assertEquals([accepts(), accepts()], [[true, false], [true, false]]);
    await write("b.example\n");
    assertEquals(accepts(), [false, true]);
    await write("@\n");
    for (let i = 0; i < 2; i++) assertThrows(accepts, Unusable);
    await write("a.example\n");
    assertEquals(accepts(), [true, false]);
  }));
