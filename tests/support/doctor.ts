/**
 * Set-ups for `postern doctor`, and what it says of them.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "./peers.ts";

export interface Told {
  readonly subject: string;
  readonly look: string;
  readonly severity: "error" | "warning" | "note";
  readonly what: string;
  readonly where: string | null;
  readonly remedy: string;
  readonly seen: boolean;
}

export interface Answer {
  readonly code: number;
  readonly findings: readonly Told[];
}

/** What it says of some arguments; it never complains beside that. */
export async function doctor(
  args: readonly string[],
  options: Parameters<typeof output>[2] = {},
): Promise<Answer> {
  const { code, stdout, stderr } = await output(
    postern,
    ["doctor", "--format", "json", ...args],
    options,
  );
  assertEquals(stderr, "");
  return { code, findings: JSON.parse(stdout).findings };
}

/** Beneath "FOLDER" of the texts. */
export const put = (path: string, text: string, mode = 0o644) =>
  Deno.writeTextFile(path, text, { mode });

export const compile = (folder: string, text: string, ...options: string[]) =>
  Deno.writeTextFile(`${folder}/tcp.smtp`, text).then(() =>
    output(postern, [
      ...["rules", "compile", ...options],
      ...["-o", `${folder}/tcp.smtp.cdb`, `${folder}/tcp.smtp`],
    ])
  );

/** A line that is well, but for what is added to it. */
export const line = (
  folder: string,
  before: string[],
  after: string[] = [],
) => [
  ...before,
  ...["127.0.0.1", "0", "smtpd", "--me", "localhost"],
  ...["--rcpthosts", "localhost", "--maildir", `${folder}/Maildir`],
  ...after,
];

/** A script with a line of it, in a file of that name. */
export async function script(
  folder: string,
  text: string,
  name = "smtpd/run",
): Promise<string[]> {
  const path = `${folder}/${name}`;
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await put(path, text.replaceAll("FOLDER", folder), 0o755);
  await Deno.chmod(path, 0o755);
  for (const link of ["tcpserver", "qmail-smtpd", "rblsmtpd", "recordio"]) {
    await Deno.symlink(postern, `${folder}/${link}`).catch(() => {});
  }
  return [path];
}

export const gateOf = (program: string, before = "", options = "") =>
  `#!/bin/sh\nexec ${before} FOLDER/tcpserver -RH ${options} 127.0.0.1 0 ${program}\n`;

export interface Row {
  readonly name: string;
  prepare(folder: string): Promise<string[]> | string[];
  readonly look: string;
  readonly severity: Told["severity"];
  readonly what: RegExp;
  readonly remedy: RegExp;
  readonly root?: boolean;
}

/** Each is a test: it is found, once, with what to type. */
export const testOf = (
  { name, prepare, look, severity, what, remedy, root }: Row,
): Deno.TestDefinition => ({
  ...needing(
    { ...root ? { root } : {}, peers: ["openssl"] },
    `doctor finds ${name}`,
  ),
  fn: () =>
    inFolder(async (folder) => {
      const { code, findings } = await doctor(await prepare(folder));
      const found = findings.filter((each) =>
        each.look === look && what.test(each.what)
      );
      const all = JSON.stringify(findings, null, 1);
      assert(found.length > 0, `${what} in ${all}`);
      assertEquals(
        found.map((each) => each.severity),
        found.map(() => severity),
      );
      assertMatch(found[0].remedy, remedy);
      const isWrong = findings.some((each) => each.severity !== "note");
      assertEquals(code, isWrong ? 1 : 0);
      const texts = findings.map((each) => `${each.what} ${each.where}`);
      assertEquals(texts.length, new Set(texts).size, all);
    }),
});
