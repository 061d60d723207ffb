/**
 * The built-in smtpd beside Postfix with the same certificate, as root: full
 * TLS sessions, and the bytes of large messages. POSTERN_BEFORE names another
 * postern to race. Wants gcc and the headers of OpenSSL.
 *
 * Both store what they take in BENCH_DIR, by default in memory: the disk is
 * another benchmark's.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { makeCertificate } from "../../tests/support/certificate.ts";
import { peer } from "../../tests/support/peers.ts";
import {
  type Contestant,
  executables,
  freePort,
  type Load,
  run,
} from "./contestant.ts";
import { hasPostfix, postfix } from "./postfix.ts";
import { race } from "./race.ts";
import type { Bench } from "./run.ts";

const memory = "/dev/shm";
const sessionsAtOnce = 20;
const warmUpSessions = 500;
const messageMegabytes = 50;

async function contestants(folder: string): Promise<Contestant[]> {
  const { certPath, keyPath } = await makeCertificate(folder);
  const list = executables().map(({ name, path }, i): Contestant => {
    const port = freePort(), maildir = `${folder}/${i}/Maildir`;
    return {
      name,
      port,
      command: [
        ...[path, "serve", "-q", "-c100", "-b100", "-RHl0"],
        ...["127.0.0.1", `${port}`, "smtpd", "--deliver", `maildir:${maildir}`],
        ...["--tls-cert", certPath, "--tls-key", keyPath],
      ],
      env: { RELAYCLIENT: "", DATABYTES: "0" },
      settle: () => removeMail(maildir),
    };
  });
  if (!hasPostfix()) return list;
  const home = await Deno.makeTempDir({ dir: folder });
  await Deno.chmod(home, 0o755);
  const settings = {
    smtpd_tls_security_level: "may",
    smtpd_tls_cert_file: certPath,
    smtpd_tls_key_file: keyPath,
    message_size_limit: "0",
    virtual_transport: "discard:",
  };
  return [...list, await postfix(home, settings)];
}

async function removeMail(maildir: string): Promise<void> {
  await Deno.remove(`${maildir}/new`, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${maildir}/new`, { recursive: true });
}

async function generator(folder: string): Promise<string> {
  const source = fileURLToPath(new URL("tls_load.c", import.meta.url));
  const program = `${folder}/tls_load`;
  await run("gcc", ["-O2", "-o", program, source, "-lssl", "-lcrypto"]);
  return program;
}

export const bench: Bench = async (
  [rounds = 7, sessions = 1000, messages = 4],
) => {
  if (!peer("openssl") || !peer("gcc")) {
    throw new Error("install openssl, gcc and libssl-dev");
  }
  const folder = await Deno.makeTempDir();
  try {
    const program = await generator(folder);
    const load =
      (atOnce: number, bytes: number): Load => async (port, count) => {
        await run(program, [port, count, atOnce, bytes].map(String));
      };
    await race({
      contestants,
      load: load(sessionsAtOnce, 0),
      rounds,
      count: sessions,
      warmUp: warmUpSessions,
      unit: "TLS sessions",
      how: `a full handshake each, ${sessionsAtOnce} at once`,
      folder: memory,
    });
    const large = load(1, messageMegabytes * 1e6);
    await race({
      contestants,
      load: (port, megabytes) => large(port, megabytes / messageMegabytes),
      rounds,
      count: messages * messageMegabytes,
      warmUp: messageMegabytes,
      unit: "MB",
      how:
        `in messages of ${messageMegabytes} MB over TLS, one at a time, stored`,
      folder: memory,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};
