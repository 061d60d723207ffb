/**
 * A gate that asks a real Dovecot about log-ins, and what tests say to it.
 *
 * @module
 */
import { assert, assertMatch } from "@std/assert";
import {
  type DovecotAuth,
  dovecotAuthPeers,
  withDovecotAuth,
} from "./dovecot_auth.ts";
import { inFolder } from "./peers.ts";
import { SmtpClient } from "./smtp_client.ts";
import { type SmtpServer, withSmtpd } from "./smtp_server.ts";

export const peers = [...dovecotAuthPeers, "openssl", "pgrep"];

export const schemes = {
  plain: "PLAIN",
  bcrypt: "BLF-CRYPT",
  crypt: "SHA512-CRYPT",
  salted: "SSHA256",
  scram: "SCRAM-SHA-256",
  scram1: "SCRAM-SHA-1",
};

const users = {
  ...Object.fromEntries(
    Object.entries(schemes).map(([name, scheme]) => [name, { scheme }]),
  ),
  shy: { scheme: "PLAIN", fields: "nologin" },
  far: { scheme: "PLAIN", fields: "proxy host=192.0.2.1" },
  "J.Doe@A.Example": { scheme: "PLAIN" },
  "j.doe@a.example": { scheme: "PLAIN" },
};

interface Both {
  readonly dovecot: DovecotAuth;
  readonly server: SmtpServer;
}

/** Runs `fn` with a gate that asks Dovecot. */
export function withBoth(
  fn: (both: Both) => Promise<void>,
  { gate = [], smtpd = [], more = "", byPort = false }: {
    gate?: string[];
    smtpd?: string[];
    more?: string;
    byPort?: boolean;
  } = {},
): Promise<void> {
  return inFolder((folder) =>
    withDovecotAuth(folder, users, (dovecot) => {
      const address = byPort ? `inet:127.0.0.1:${dovecot.port}` : dovecot.path;
      return withSmtpd({
        gate,
        relays: false,
        smtpd: () => [
          ...["--dovecot-auth", address, "--rcpthosts", "to.example"],
          ...["--relay", "discard", "--mail-log", "stderr", ...smtpd],
        ],
      }, (server) => fn({ dovecot, server }));
    }, more)
  );
}

export async function encrypted({ gate, certificate }: SmtpServer) {
  const client = await SmtpClient.connect(gate.port);
  assertMatch(await client.reply(), /^220 /);
  const clear = await client.ask("EHLO client.example");
  assert(!/AUTH/.test(clear), clear);
  assertMatch(await client.ask("AUTH PLAIN AHgAeA=="), /^538 /);
  assertMatch(await client.ask("STARTTLS"), /^220 /);
  await client.encrypt(certificate.cert);
  return client;
}

export const plain = (
  client: SmtpClient,
  authzid: string,
  user: string,
  pw = "x",
) => client.ask(`AUTH PLAIN ${btoa(`${authzid}\0${user}\0${pw}`)}`);

export const taken = "235 2.7.0 authenticated\r\n";
export const wrong = "535 5.7.8 these credentials are not valid\r\n";
export const later = "454 4.7.0 authentication does not work for now\r\n";

/** A log-in on a connection of its own. */
export async function attempt(
  server: SmtpServer,
  user: string,
  { authzid = "", pw = "x" } = {},
): Promise<string> {
  const client = await encrypted(server);
  const reply = await plain(client, authzid, user, pw);
  client.close();
  return reply;
}
