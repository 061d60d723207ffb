/**
 * postern as a service of a machine that systemd has started.
 *
 * @module
 */
import { type Booted, withBooted } from "./booted_systemd.ts";
import { postern } from "./peers.ts";

export const executable = "/usr/local/sbin/postern";

/** A machine that has postern where servers have it. */
export const withPostern = (fn: (booted: Booted) => Promise<void>) =>
  withBooted(async (booted) => {
    await booted.ask("install", "-m", "755", postern, executable);
    await fn(booted);
  });

export async function install(
  booted: Booted,
  name: string,
  ...args: string[]
): Promise<void> {
  const named = ["--for", "systemd", "--install", "--name", name];
  await booted.ask(executable, "init-script", ...named, "-vRHl0", ...args);
  await booted.ask("systemctl", "start", `${name}.service`);
}

const sendCode = `
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20)
s.sendmail("a@localhost", [sys.argv[2]], "Subject: x\\r\\n\\r\\nhello\\r\\n")
s.quit()
`;
export const send = (booted: Booted, port: number, to = "b@localhost") =>
  booted.ask("python3", "-c", sendCode, `${port}`, to);

const greetingCode = `
import socket, sys
f = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20).makefile("rb")
sys.stdout.buffer.write(f.readline())
`;
export const greeting = (booted: Booted, port: number) =>
  booted.ask("python3", "-c", greetingCode, `${port}`);

export const mailIn = async (booted: Booted, maildir: string) =>
  (await booted.ask("ls", `${maildir}/new`)).split("\n").length - 1;

export async function statusOf(
  booted: Booted,
  pid: string,
): Promise<Record<string, string>> {
  const text = await booted.ask("cat", `/proc/${pid}/status`);
  const fields = text.matchAll(/^(\w+):\s*(.*?)\s*$/gm);
  return Object.fromEntries([...fields].map(([, name, is]) => [name, is]));
}

export const mainPid = (booted: Booted, name: string) =>
  booted.property(`${name}.service`, "MainPID");
