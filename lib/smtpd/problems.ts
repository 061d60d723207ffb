/**
 * What sessions would stumble over (`--check`): every file, folder, program and
 * socket that the options and the environment name, looked at with the ids of
 * the sessions. Certificates are not among them: others read those.
 *
 * @module
 */
import { fromBytes, textOf } from "../base/bytes.ts";
import type { Variables } from "../base/protocol.ts";
import { codeOf, reason } from "../base/reason.ts";
import { writtenAddress } from "../base/service_address.ts";
import { problemsIn } from "../base/unusable.ts";
import { inTime, noAnswerWithin } from "../net/in_time.ts";
import { checkFolder, everybodyMayRead, type Use } from "../sys/access.ts";
import { readNamedFile, whyUnreadable } from "../sys/named_file.ts";
import { asProgram } from "../ucspi/environment.ts";
import { whyNotRunnable } from "../ucspi/runnable.ts";
import { controlsNow, hostNameNow } from "./controls.ts";
import { spoolFolder } from "../deliver/spool.ts";
import { wantsFilters } from "./filters.ts";
import { mayLogIn } from "./logins.ts";
import type { SmtpdOptions } from "./options.ts";
import { environments } from "./reach.ts";
import { byDovecot } from "./senders.ts";
import { Targets } from "./targets.ts";

/** For a policy program to take a connection, or Dovecot or filters to greet. */
const connectMs = 3000;

/**
 * All that is wrong, each in a line.
 *
 * @param own our environment
 * @param ruled what rules may set in its place
 */
export async function smtpdProblems(
  options: SmtpdOptions,
  own: ReadonlyMap<string, string>,
  ruled: Variables,
): Promise<string[]> {
  const me = hostNameNow(options);
  const found = [
    ofControls(options, own),
    ofRecipients(options),
    ofPasswords(options),
    ofProgram("--checkpassword", options.checkpassword?.trim().split(/\s+/)[0]),
    ofDovecot(options),
    ofSenderLogins(options),
    ofPolicyProgram(options),
    ofFilters(options),
    ...environments(own, ruled).flatMap((env) => [
      ofProgram("RCPTCHECK", textOf(env.get("RCPTCHECK") ?? "")),
      ofTemporaryFolder(options, env),
      new Targets(options, () => {}).problems(asProgram(env), me),
      ofRelaying(options, env, ruled),
    ]),
  ];
  const lines = (await Promise.all(found)).flat();
  return [...new Set(lines)]; // two environments may share a problem
}

type Problems = readonly string[];

/** None, or those that it throws. */
function thrownBy(look: () => void): Problems {
  try {
    look();
    return [];
  } catch (error) {
    return problemsIn(error);
  }
}

function ofControls(
  options: SmtpdOptions,
  env: ReadonlyMap<string, string>,
): Problems {
  const { control } = options;
  const usual = `${env.get("QMAILHOME") ?? "/var/qmail"}/control`;
  return thrownBy(() => {
    // Usually there need not be one.
    if (control !== usual || exists(control)) {
      folder("--control: unable to read", control, "search");
    }
    controlsNow(options);
  });
}

async function ofRecipients({ recipients }: SmtpdOptions): Promise<Problems> {
  if (recipients === null) return [];
  const { checkRecipientsFile } = await import("../policy/recipients_file.ts");
  return thrownBy(() => checkRecipientsFile(recipients));
}

async function ofPasswords({ passwords }: SmtpdOptions): Promise<Problems> {
  if (passwords === null) return [];
  let text: string;
  try {
    text = fromBytes(readNamedFile(passwords));
  } catch (error) {
    return [
      `--passwords: unable to read ${passwords}: ${whyUnreadable(error)}`,
    ];
  }
  const { passwordFileFaults } = await import("../auth/password_file.ts");
  const found = passwordFileFaults(text);
  if (everybodyMayRead(passwords)) {
    found.push("everybody on this machine may read it: chmod o-r would do");
  }
  return found.map((what) => `${passwords}: ${what}`);
}

/** @param named by what */
function ofProgram(named: string, path: string | undefined): Problems {
  const why = path ? whyNotRunnable(path) : null;
  if (why === null) return [];
  const hint = path!.includes("/") ? "" : " (it is not looked for in PATH)";
  return [`${named}: unable to run ${path}: ${why}${hint}`];
}

async function ofDovecot({ dovecotAuth }: SmtpdOptions): Promise<Problems> {
  if (dovecotAuth === null) return [];
  const { dovecotFault } = await import("../auth/dovecot.ts");
  const why = await dovecotFault(dovecotAuth, connectMs / 1000);
  if (why === null) return [];
  const where = writtenAddress(dovecotAuth);
  return [`--dovecot-auth: unable to log in by ${where}: ${why}`];
}

async function ofSenderLogins(
  { senderLogin }: SmtpdOptions,
): Promise<Problems> {
  if (senderLogin === null || senderLogin === byDovecot) return [];
  const { checkSenderLoginsFile } = await import(
    "../policy/sender_logins_file.ts"
  );
  return thrownBy(() => checkSenderLoginsFile(senderLogin));
}

async function ofPolicyProgram({ policy }: SmtpdOptions): Promise<Problems> {
  if (policy === null) return [];
  const where = policy.transport === "unix"
    ? policy.path
    : `${policy.hostname}:${policy.port}`;
  const connecting: Promise<Deno.Conn> = policy.transport === "unix"
    ? Deno.connect(policy)
    : Deno.connect(policy);
  try {
    const late = noAnswerWithin(connectMs);
    (await inTime(connecting, connectMs, late)).close();
    return [];
  } catch (error) {
    return [`--policy: unable to connect to ${where}: ${reason(error)}`];
  }
}

async function ofFilters(
  { milters, rspamd }: SmtpdOptions,
): Promise<Problems> {
  const seconds = connectMs / 1000;
  const found: Promise<string | null>[] = [];
  if (milters !== null) {
    const { milterFault } = await import("../filter/milter_connection.ts");
    found.push(...milters.map(async ({ text, address }) => {
      const why = await milterFault(address, seconds);
      return why && `--milter: unable to ask ${text}: ${why}`;
    }));
  }
  if (rspamd !== null) {
    const { rspamdFault } = await import("../filter/rspamd.ts");
    found.push(
      rspamdFault(rspamd, seconds).then((why) =>
        why && `--rspamd: unable to ask ${rspamd}: ${why}`
      ),
    );
  }
  return (await Promise.all(found)).filter((line) => line !== null);
}

function ofTemporaryFolder(
  options: SmtpdOptions,
  env: ReadonlyMap<string, string>,
): Problems {
  if (!wantsFilters(options)) return [];
  const path = spoolFolder(env);
  return thrownBy(() =>
    folder("TMPDIR: unable to keep a message in", path, "write", "search")
  );
}

function namesDomains(options: SmtpdOptions): boolean {
  try {
    return controlsNow(options).namesDomains;
  } catch {
    return false; // what is wrong with them is told already
  }
}

/** Whoever may relay is to have somewhere to send to. */
function ofRelaying(
  options: SmtpdOptions,
  env: Map<string, string>,
  ruled: Variables,
): Problems {
  const isTrusted = env.has("RELAYCLIENT") || ruled.has("RELAYCLIENT");
  if (!mayLogIn(options) && !(isTrusted && namesDomains(options))) return [];
  const why = new Targets(options, () => {}).deadEnd(asProgram(env));
  return why === null ? [] : [why];
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return codeOf(error) !== "ENOENT";
  }
}

/** @throws Error that begins with `what` */
function folder(what: string, path: string, ...uses: Use[]): void {
  try {
    checkFolder(path, ...uses);
  } catch (error) {
    throw new Error(`${what} ${path}: ${reason(error)}`);
  }
}
