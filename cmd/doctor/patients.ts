/**
 * From command lines and scripts to what is looked at.
 *
 * @module
 */
import { Fatal, isFatal } from "../../lib/base/fatal.ts";
import { bytesOf } from "../../lib/base/bytes.ts";
import { accountOf } from "../../lib/doctor/accounts.ts";
import { error, type Finding, note, unseen } from "../../lib/doctor/finding.ts";
import type {
  GatePart,
  Ids,
  Patient,
  Rules,
} from "../../lib/doctor/patient.ts";
import { missingUsers } from "../../lib/doctor/looks/ids.ts";
import { ofWay } from "../../lib/doctor/reading/limits.ts";
import { newWay, unwrap } from "../../lib/doctor/reading/wrappers.ts";
import { remedyOf } from "../../lib/doctor/remedies.ts";
import type { Script } from "../../lib/doctor/script.ts";
import { statOf } from "../../lib/doctor/words.ts";
import { withoutFatal } from "../../lib/process/fatal.ts";
import type { ServeOptions } from "../../lib/process/options.ts";
import { ownEnvironment } from "../../lib/ucspi/environment.ts";
import {
  builtInSmtpd,
  findProgram,
  isExecutable,
  isThisExecutable,
} from "../../lib/ucspi/program.ts";
import { chainOf } from "../serve/chain.ts";
import { configOf, requestsOf } from "../serve/requests.ts";
import { parseCommand } from "../serve_options.ts";
import { parseOptions } from "../smtpd_options.ts";

const root: Ids = { uid: 0, gid: 0 };
/** What starts services at boot has about this. */
export const bootPath =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A serve command line as it would be typed. */
export async function patientOfLine(args: readonly string[]): Promise<Patient> {
  const { gates, troubles } = await gatesOf(args, "postern serve", null);
  const own = { uid: Deno.uid()!, gid: Deno.gid()! };
  const [first] = gates;
  // Who wants to become somebody else is started by root.
  const isRoots = first !== undefined && first.options.uid !== 0 &&
    first.options.uid !== own.uid;
  const config = /^--config(?:=(.*))?$/s.exec(args[0] ?? "");
  return made({
    name: config ? config[1] ?? args[1] : "the command line",
    script: null,
    isOurs: true,
    line: ["postern", "serve", ...args],
    calledAs: "postern serve",
    gates,
    troubles,
    starter: isRoots ? root : own,
    env: ownEnvironment(),
  });
}

/** One line of a script. */
export async function patientOfScript(script: Script): Promise<Patient> {
  const { args, calledAs, user, path, unknown } = script;
  const env = new Map([...script.env]
    .map((
      [name, value],
    ) => [name, bytesOf(value)]));
  const { gates, troubles } = await gatesOf(args, calledAs, script);
  const account = user === null ? null : accountOf(user);
  const starter = user === null
    ? root
    : /^\d+$/.test(user)
    ? { uid: Number(user), gid: 0 }
    : account;
  return made({
    name: path,
    script,
    isOurs: isOurs(script),
    line: [
      script.program,
      ...(calledAs === "tcpserver" ? [] : ["serve"]),
      ...args,
    ],
    calledAs,
    gates,
    troubles: [
      ...ofProgram(script),
      ...ofUser(user, account, path),
      ...unknown.map((name) =>
        unseen(
          `what ${name} is: only running the script would tell`,
          "look at the line with its value: postern doctor HOST PORT PROGRAM",
          path,
        )
      ),
      // Where the line is right, the look at the ids says so.
      ...gates.length === 0 ? missingUsers(script.lookedUp) : [],
      ...troubles,
    ],
    starter,
    env,
  });
}

/** Whether there is a gate, and whether it is postern. */
function ofProgram({ program, calledAs, env, path }: Script): Finding[] {
  const found = findProgram(program, env.get("PATH") ?? bootPath);
  const remedy = calledAs === "tcpserver"
    ? "postern install puts it and its links into /usr/local/bin; " +
      "postern install-links DIR makes links elsewhere"
    : "name postern by its whole path";
  if (found === null || statOf(found) === null) {
    return [error(`there is no program ${program}`, remedy, path)];
  }
  if (!isExecutable(found)) {
    return [error(`${found} is not executable`, `chmod 755 ${found}`, path)];
  }
  return isThisExecutable(found) || calledAs !== "tcpserver" ? [] : [note(
    `${found} is not this postern: what is said is what would be if it were`,
    remedy,
    path,
  )];
}

function ofUser(
  user: string | null,
  account: Ids | null,
  path: string,
): Finding[] {
  return user === null || user === "" || account || /^\d+$/.test(user)
    ? []
    : [error(
      `it is to be started by ${user}, who is no user`,
      `useradd -r -M -s /usr/sbin/nologin ${user}`,
      path,
    )];
}

/** Rules that nobody is known to look into. */
export function patientOfRules(
  rules: readonly { readonly text: string; readonly cdb: string }[],
): Patient {
  return {
    ...made({
      name: "rules",
      script: null,
      isOurs: true,
      line: [],
      calledAs: "postern serve",
      gates: [],
      troubles: [],
      starter: null,
      env: new Map(),
    }),
    rules: rules.map((each) => ({
      ...each,
      isUsed: false,
      paranoid: false,
      mayBeMissing: true,
    })),
  };
}

function made(all: Omit<Patient, "rules" | "server">): Patient {
  const [first] = all.gates;
  const { starter } = all;
  const server = starter && first
    ? {
      uid: first.options.uid || starter.uid,
      gid: first.options.gid || starter.gid,
    }
    : starter;
  return { ...all, server, rules: all.gates.flatMap(rulesOf) };
}

/** What qmail's HOWTOs call the text beside `tcp.smtp.cdb`. */
function rulesOf({ options }: GatePart): Rules[] {
  const { rules: cdb, paranoid, allowMissingRules } = options;
  if (cdb === null) return [];
  const stem = cdb.replace(/\.cdb$/, "");
  const names = stem === cdb
    ? [`${cdb}.txt`]
    : [stem, `${stem}.txt`, `${stem}.rules`];
  return [{
    cdb,
    text: names.find((name) => statOf(name)?.isFile) ?? null,
    isUsed: true,
    // Under postern serve a name that does not lead back is passed over.
    paranoid: paranoid || !options.classic,
    mayBeMissing: allowMissingRules,
  }];
}

/** Whether what a script starts is this very program. */
function isOurs({ program, calledAs, env }: Script): boolean {
  if (calledAs !== "tcpserver") return true;
  const path = findProgram(program, env.get("PATH") ?? bootPath);
  return path === null || statOf(path) === null || isThisExecutable(path);
}

interface Understood {
  readonly gates: GatePart[];
  readonly troubles: Finding[];
}

async function gatesOf(
  args: readonly string[],
  calledAs: string,
  script: Script | null,
): Promise<Understood> {
  const path = script?.path ?? null;
  const nothing: Understood = { gates: [], troubles: [] };
  try {
    const command = inEnvironment(script, () => parseCommand(args, calledAs));
    if (command === null) return nothing;
    const text = await configText(command, script);
    const gates: GatePart[] = [];
    const requests = await requestsOf(command, text);
    for (const { options, where } of requests) {
      gates.push(await gateOf(options, where, script));
    }
    return { gates, troubles: [] };
  } catch (cause) {
    if (cause instanceof CannotLook) {
      throw new Fatal(100, withoutFatal(cause.message), { cause });
    }
    if (!isFatal(cause)) throw cause;
    const lines = cause.message.split("\n")
      .filter((line) => !line.startsWith("usage:"));
    const what = withoutFatal(lines[0] ?? "the line is wrong");
    const line = ["postern", "serve", ...args];
    const remedy = remedyOf(what, { ...nobody, line });
    return { gates: [], troubles: [error(what, remedy, path)] };
  }
}

/** A file that is named to us, and cannot be read, cannot be looked at. */
async function configText(
  command: Parameters<typeof configOf>[0],
  script: Script | null,
): Promise<string | null> {
  const { config } = command;
  const info = config === null ? null : statOf(config);
  if (info !== null && !info.isFile && !info.isDirectory) {
    throw new CannotLook(`unable to read ${config}: it is no regular file`);
  }
  try {
    return await configOf(command);
  } catch (cause) {
    if (!isFatal(cause) || script !== null) throw cause;
    throw new CannotLook(cause.message);
  }
}

/** Ends it all. */
class CannotLook extends Error {
  override readonly name = "CannotLook";
}

const nobody: Patient = {
  ...{ name: "", script: null, isOurs: true, line: [], calledAs: "" },
  ...{ gates: [], rules: [], starter: null, server: null, troubles: [] },
  env: new Map(),
};

/** Some of our own options look at variables: $UID and $GID, $QMAILHOME. */
function inEnvironment<T>(script: Script | null, act: () => T): T {
  const names = ["UID", "GID", "QMAILHOME"];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of script === null ? [] : names) {
    const value = script?.env.get(name);
    if (value === undefined) Deno.env.delete(name);
    else Deno.env.set(name, value);
  }
  try {
    return act();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

async function gateOf(
  options: ServeOptions,
  where: string | null,
  script: Script | null,
): Promise<GatePart> {
  const classic = options.classic;
  const program = [...options.program];
  if (script !== null && !program[0].includes("/") && program[0] !== "smtpd") {
    const path = findProgram(program[0], script.env.get("PATH") ?? bootPath);
    if (path !== null) program[0] = path;
  }
  const chain = await chainOf(program, !classic);
  const way = newWay();
  const core = unwrap(program, way);
  const found = chain.smtpd ??
    (core.length > 0 ? builtInSmtpd(core, false) : null);
  const smtpd = found === null ? null : await inEnvironment(
    script,
    () => parseOptions(found.args, found.calledAs),
  );
  return {
    options,
    where,
    smtpd,
    isBuiltIn: chain.smtpd !== null && !options.isolate,
    core,
    wrappers: way.wrappers,
    softLimits: ofWay(way),
    programEnv: way.env,
  };
}
