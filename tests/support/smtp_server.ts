/**
 * A gate that runs smtpd with a certificate, into a Maildir.
 *
 * @module
 */
import { fromBytes } from "../../lib/base/bytes.ts";
import { makeCertificate, type TestCertificate } from "./certificate.ts";
import { type TestGate, withGate } from "./gate.ts";
import { inFolder, output, postern } from "./peers.ts";

export interface SmtpServer {
  readonly gate: TestGate;
  /** The gate's own, for the length of the test. */
  readonly folder: string;
  readonly certificate: TestCertificate;
  /** The messages in the Maildir, as byte strings. */
  stored(): string[];
}

interface ServerOptions {
  /** Of serve, beside -vRHl0. */
  readonly gate?: readonly string[];
  /** Of smtpd, known when there is a folder. */
  readonly smtpd?: (folder: string) => Promise<string[]> | string[];
  /** Whether it relays for everybody. */
  readonly relays?: boolean;
}

/** Runs `fn` with one that is `mx.example`. */
export function withSmtpd(
  { gate = [], smtpd = () => [], relays = true }: ServerOptions,
  fn: (server: SmtpServer) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const certificate = await makeCertificate(folder);
    const { certPath, keyPath } = certificate;
    const maildir = `${folder}/Maildir`;
    await withGate(
      [
        ...gate,
        ...["-vRHl0", "127.0.0.1", "0", "smtpd", "--me", "mx.example"],
        ...["--tls-cert", certPath, "--tls-key", keyPath],
        ...["--deliver", `maildir:${maildir}`, ...await smtpd(folder)],
      ],
      { env: relays ? { RELAYCLIENT: "" } : {}, cwd: folder },
      (gate) =>
        fn({
          gate,
          folder,
          certificate,
          stored: () =>
            [...Deno.readDirSync(`${maildir}/new`)].map(({ name }) =>
              fromBytes(Deno.readFileSync(`${maildir}/new/${name}`))
            ),
        }),
    );
  });
}

/** A password file for `--passwords`, with hashes by `--hash-password`. */
export async function makePasswords(
  path: string,
  users: Record<string, string>,
): Promise<string> {
  let text = "# user:hash\n";
  for (const [user, password] of Object.entries(users)) {
    const { stdout } = await output(postern, ["smtpd", "--hash-password"], {
      stdin: `${password}\n`,
    });
    text += `${user}:${stdout}`;
  }
  await Deno.writeTextFile(path, text);
  return path;
}
