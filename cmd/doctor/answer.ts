/**
 * From what is asked to what is printed.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { textOf } from "../../lib/base/bytes.ts";
import { print } from "../../lib/cli/output.ts";
import {
  type Diagnosis,
  examine,
  examineMachine,
} from "../../lib/doctor/doctor.ts";
import { unseen } from "../../lib/doctor/finding.ts";
import { installed } from "../../lib/doctor/installed.ts";
import type { Looker, Patient } from "../../lib/doctor/patient.ts";
import { scriptsAt } from "../../lib/doctor/reading/scripts.ts";
import { absolute } from "../../lib/doctor/words.ts";
import { isWrong, reportJson, reportLines } from "../../lib/doctor/report.ts";
import { dnsResolver, type Resolver } from "../../lib/net/resolver.ts";
import { ourPath } from "../../lib/sys/ourselves.ts";
import { classicNames } from "../commands.ts";
import type { CheckRequest } from "./check.ts";
import {
  bootPath,
  patientOfLine,
  patientOfRules,
  patientOfScript,
} from "./patients.ts";

export interface Request {
  readonly dns: boolean;
  readonly format: "text" | "json";
  /** Paths; none for all that is installed. */
  readonly scripts: readonly string[];
  /** Arguments of serve; null for none. */
  readonly line: readonly string[] | null;
}

/** For one lookup. */
const dnsSeconds = 5;
/** For what --check looks at. */
const checkSeconds = 30;
/** Nobody waits for a name server that is not there, name after name. */
const mostFailures = 2;

/** A resolver that gives up where none of its first lookups came to anything. */
function impatient(): Resolver {
  const ask = dnsResolver(dnsSeconds);
  let failures = 0;
  let hasAnswered = false;
  return async (name, type) => {
    if (failures >= mostFailures && !hasAnswered) {
      return { type: "failed", reason: "no name server has answered so far" };
    }
    const lookup = await ask(name, type);
    if (lookup.type === "failed") failures++;
    else hasAnswered = true;
    return lookup;
  };
}

/** @throws Fatal where there is nothing to look at */
export async function answer(request: Request): Promise<number> {
  const looker = lookerOf(request);
  const { patients, diagnoses } = await patientsOf(request);
  const all: Diagnosis[] = [...diagnoses];
  for (const patient of patients) {
    all.push(await inFolderOf(patient, () => examine(patient, looker)));
  }
  all.push(await examineMachine(looker, patients));
  if (request.format === "json") print(reportJson(all));
  else print(...reportLines(all));
  return all.some(({ findings }) => findings.some(isWrong)) ? 1 : 0;
}

interface Found {
  readonly patients: readonly Patient[];
  readonly diagnoses: readonly Diagnosis[];
}

async function patientsOf({ line, scripts }: Request): Promise<Found> {
  if (line !== null) {
    return { patients: [await patientOfLine(line)], diagnoses: [] };
  }
  if (scripts.length === 0) return await whatIsInstalled();
  const patients: Patient[] = [];
  for (const path of scripts) {
    const all = scriptsAt(absolute(path));
    if (all.length === 0) {
      throw new Fatal(
        100,
        `${path}: no line of it starts tcpserver or postern serve`,
      );
    }
    for (const each of all) patients.push(await ofScript(each));
  }
  return { patients, diagnoses: [] };
}

const ofScript = (script: Parameters<typeof patientOfScript>[0]) =>
  inFolderOf({ script }, () => patientOfScript(script));

async function whatIsInstalled(): Promise<Found> {
  const { scripts, rules, hidden } = installed();
  const patients: Patient[] = [];
  for (const each of scripts) patients.push(await ofScript(each));
  const used = patients.flatMap((each) => each.rules.map(({ cdb }) => cdb));
  const unused = rules.filter(({ cdb }) => !used.includes(cdb));
  if (unused.length > 0) patients.push(patientOfRules(unused));
  if (patients.length === 0) {
    throw new Fatal(
      100,
      "no gate is installed where services are looked for (/etc/init.d, " +
        "/etc/systemd/system, /etc/service, ...): name a script, or give a " +
        "serve command line",
    );
  }
  const findings = hidden.map((path) => ({
    ...unseen("it may not be read", "look as root", path),
    look: "installed",
  }));
  return { patients, diagnoses: [{ subject: "what is installed", findings }] };
}

/** Paths of a script are from the folder that it is in when it starts. */
async function inFolderOf<T>(
  { script }: Pick<Patient, "script">,
  act: () => Promise<T>,
): Promise<T> {
  const folder = folderOf(script);
  if (folder === null) return await act();
  const before = Deno.cwd();
  try {
    Deno.chdir(folder);
  } catch {
    return await act(); // it is not there, and what is relative is not found
  }
  try {
    return await act();
  } finally {
    Deno.chdir(before);
  }
}

function folderOf(script: Patient["script"]): string | null {
  if (script === null) return null;
  const own = script.path.slice(0, script.path.lastIndexOf("/")) || "/";
  // Supervisors start a run in its folder; what starts at boot starts in /.
  const usual = script.path.endsWith("/run") ? own : "/";
  return script.cwd === null
    ? usual
    : script.cwd.startsWith("/")
    ? script.cwd
    : `${usual}/${script.cwd}`;
}

function lookerOf({ dns }: Request): Looker {
  return {
    uid: Deno.uid()!,
    nowMs: Date.now(),
    resolver: dns ? impatient() : null,
    executable: Deno.build.standalone ? ourPath() : Deno.execPath(),
    classicNames,
    check: (patient) => checked(patient, dns),
  };
}

/** By a process of its own: ids that are given up do not come back. */
async function checked(
  { script, line, calledAs, env, starter }: Patient,
  mayAskDns: boolean,
): Promise<string[]> {
  const request: CheckRequest = { calledAs, mayAskDns };
  const args = line.slice(calledAs === "tcpserver" ? 1 : 2);
  const main = decodeURIComponent(
    new URL("../../main.ts", import.meta.url).pathname,
  );
  const isBuilt = Deno.build.standalone;
  const own = script === null ? {} : {
    clearEnv: isBuilt,
    env: { PATH: bootPath, ...texts(env) },
  };
  const mayChange = Deno.uid() === 0 && script !== null && starter !== null;
  const { code, signal, stdout, stderr } = await new Deno.Command(
    isBuilt ? ourPath() : Deno.execPath(),
    {
      args: [
        ...isBuilt
          ? []
          : ["run", "-A", "--unstable-net", "--no-check", "-q", main],
        "doctor",
        ...args,
      ],
      ...own,
      env: { ...own.env, POSTERN_DOCTOR: JSON.stringify(request) },
      ...mayChange && starter.uid !== 0 ? starter : {},
      stdin: "null",
      signal: AbortSignal.timeout(checkSeconds * 1000),
    },
  ).output();
  if (signal === "SIGTERM") {
    throw new Error(
      `it has not ended within ${checkSeconds} seconds: a file that the ` +
        "options name may have no end",
    );
  }
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(decoder.decode(stderr).split("\n")[0] || `exit ${code}`);
  }
  return JSON.parse(decoder.decode(stdout));
}

const texts = (env: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries(
    [...env].map(([name, value]) => [
      name,
      textOf(value),
    ]),
  );
