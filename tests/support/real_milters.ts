/**
 * Milters of others, each with a configuration and a socket of its own in a
 * folder.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { peer, until } from "./peers.ts";

/** Runs `fn` while a program runs that listens at a path. */
export async function withProgram(
  name: string,
  args: readonly string[],
  socket: string,
  fn: () => Promise<void>,
): Promise<void> {
  const child = new Deno.Command(peer(name)!, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  try {
    await until(`${name} listens`, async () => {
      try {
        (await Deno.connect({ transport: "unix", path: socket })).close();
        return true;
      } catch {
        return false; // not yet
      }
    });
    await fn();
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${name} said: ${(await said).slice(-2000)}`, {
      cause: error,
    });
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
  }
}

/** The names of a key that opendkim signs with, and its record in the DNS. */
export interface DkimKey {
  readonly domain: string;
  readonly selector: string;
  readonly path: string;
  readonly record: string;
}

export async function makeKey(folder: string): Promise<DkimKey> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const path = `${folder}/key.pem`;
  await Deno.writeTextFile(path, privateKey, { mode: 0o600 });
  const p = btoa(String.fromCharCode(...publicKey));
  const record = `v=DKIM1; k=rsa; p=${p}`;
  return { domain: "sender.example", selector: "s1", path, record };
}

/** opendkim as signer or verifier; it knows keys from a file, not the DNS. */
export async function withOpenDkim(
  folder: string,
  mode: "s" | "v",
  { domain, selector, path, record }: DkimKey,
  fn: (socket: string) => Promise<void>,
): Promise<void> {
  const name = `${folder}/opendkim-${mode}`;
  const socket = `${name}.sock`;
  const keys = `${selector}._domainkey.${domain} ${record}\n`;
  await Deno.writeTextFile(`${name}.keys`, keys);
  await Deno.writeTextFile(
    `${name}.conf`,
    `Socket local:${socket}
Mode ${mode}
Domain ${domain}
Selector ${selector}
KeyFile ${path}
RequireSafeKeys no
Canonicalization relaxed/simple
InternalHosts 127.0.0.1
ExternalIgnoreList 127.0.0.1
${mode === "v" ? `TestPublicKeys ${name}.keys\nInternalHosts 192.0.2.1\n` : ""}
AlwaysAddARHeader yes
Background no
`.replace(mode === "v" ? "InternalHosts 127.0.0.1\n" : "\0", ""),
  );
  await withProgram(
    "opendkim",
    ["-f", "-x", `${name}.conf`],
    socket,
    () => fn(socket),
  );
}

export async function withOpenDmarc(
  folder: string,
  fn: (socket: string) => Promise<void>,
): Promise<void> {
  const socket = `${folder}/opendmarc.sock`;
  await Deno.writeTextFile(
    `${folder}/opendmarc.conf`,
    `Socket local:${socket}
AuthservID mx.example.org
TrustedAuthservIDs mx.example.org
RejectFailures true
SoftwareHeader true
PublicSuffixList ${folder}/suffixes
IgnoreHosts ${folder}/nobody
Background false
`,
  );
  await Deno.writeTextFile(`${folder}/suffixes`, "example\n");
  await Deno.writeTextFile(`${folder}/nobody`, "192.0.2.1\n");
  await withProgram(
    "opendmarc",
    ["-f", "-c", `${folder}/opendmarc.conf`],
    socket,
    () => fn(socket),
  );
}

/** What its own database is for. */
export const virus = "what a small database calls a virus";

/** clamd with that database, and its milter. */
export async function withClamav(
  folder: string,
  fn: (socket: string) => Promise<void>,
): Promise<void> {
  const socket = `${folder}/clamav-milter.sock`;
  const clamd = `${folder}/clamd.sock`;
  const hex = [...new TextEncoder().encode(virus)]
    .map((each) => each.toString(16).padStart(2, "0")).join("");
  await Deno.mkdir(`${folder}/db`);
  await Deno.writeTextFile(`${folder}/db/own.ndb`, `Own.Test:0:*:${hex}\n`);
  await Deno.writeTextFile(
    `${folder}/clamd.conf`,
    `LocalSocket ${clamd}
DatabaseDirectory ${folder}/db
OfficialDatabaseOnly no
Foreground yes
User root
TemporaryDirectory ${folder}
`,
  );
  await Deno.writeTextFile(
    `${folder}/milter.conf`,
    `MilterSocket ${socket}
ClamdSocket unix:${clamd}
Foreground yes
User root
OnInfected Reject
RejectMsg a virus: %v
AddHeader Replace
TemporaryDirectory ${folder}
`,
  );
  await withProgram(
    "clamd",
    ["--config-file", `${folder}/clamd.conf`],
    clamd,
    () =>
      withProgram(
        "clamav-milter",
        ["--config-file", `${folder}/milter.conf`],
        socket,
        () => fn(socket),
      ),
  );
}
