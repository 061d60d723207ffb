/**
 * The real programs that tests need. A test without them is skipped by name,
 * where a person runs it; continuous integration installs them all.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The path of a program; null if the machine has none. */
export function peer(name: string): string | null {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const unpacked = [
    ...["exim4-daemon-light", "opensmtpd"],
    ...["openbsd-inetd", "inetutils-inetd"],
  ].map((each) => `${Deno.env.get("POSTERN_CACHE")}/peers/${each}/usr/sbin`);
  const system = ["/usr/sbin", "/usr/local/sbin"];
  // Last, since OpenSMTPD has a smtpd as well.
  const postfix = "/usr/lib/postfix/sbin";
  for (const folder of [...folders, ...system, ...unpacked, postfix]) {
    try {
      if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** The executable under test. */
export const postern = Deno.env.get("POSTERN") ??
  fileURLToPath(new URL("../../dist/postern", import.meta.url));

/** What a test wants beside the executable: peers by name, and maybe root. */
export interface Needs {
  readonly peers?: readonly string[];
  readonly root?: boolean;
}

/**
 * A test's name, and whether it can be: for Deno.test(), which has to be called
 * where the test is, or failures carry this file's name.
 */
export function needing(
  needs: Needs,
  name: string,
): Omit<Deno.TestDefinition, "fn"> {
  const missing = (needs.peers ?? []).filter((each) => peer(each) === null);
  if (needs.root && Deno.uid() !== 0) missing.push("root");
  const why = missing.length > 0 ? ` (skipped: no ${missing.join(", ")})` : "";
  return {
    name: name + why,
    ignore: missing.length > 0,
    sanitizeOps: false,
    sanitizeResources: false,
  };
}

/** Runs a program to its end. */
export async function output(
  program: string,
  args: string[],
  options: {
    cwd?: string;
    env?: Record<string, string>;
    clearEnv?: boolean;
    stdin?: string | Uint8Array | undefined;
  } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { stdin, ...rest } = options;
  const child = new Deno.Command(program, {
    args,
    ...rest,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    const bytes = typeof stdin === "string"
      ? new TextEncoder().encode(stdin)
      : stdin;
    writer.write(bytes).then(() => writer.close()).catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder of its own for a test, removed afterwards. Others may enter it. */
export async function inFolder(
  fn: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "postern-test-" });
  await Deno.chmod(folder, 0o755);
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until something holds; a test that waits for ever has failed. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 20,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
