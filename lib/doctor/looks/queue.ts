/**
 * The queue program, where messages go through one.
 *
 * @module
 */
import { accessOf, remedyFor } from "../access.ts";
import { accountOf, userName } from "../accounts.ts";
import { error, type Finding, note, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { SmtpdOptions } from "../../smtpd/options.ts";
import type { Ids } from "../patient.ts";
import { processIds } from "../sockets.ts";
import { targetReach } from "../targets.ts";
import { absolute, baseName, quoted, statOf, textOf } from "../words.ts";

const setUid = 0o4000;
/** qmail's own mode, owner and group of qmail-queue. */
const usualMode = "4711", usualOwner = "qmailq", usualGroup = "qmail";

export const queue: Look = {
  id: "queue",
  summary: "the queue program: there, executable, set-uid as qmail-queue is",
  needs: ["smtpd"],
  find({ gates, env, server }) {
    const paths = new Set(
      gates.flatMap(({ smtpd }) =>
        smtpd ? targetReach(smtpd, env).programs : []
      )
        .map(({ path }) => path),
    );
    return [
      ...[...paths].flatMap((path) => ofProgram(path, server)),
      ...gates.flatMap(({ smtpd, where }) =>
        smtpd && !env.has("QMAILQUEUE") ? ofNone(smtpd, where) : []
      ),
    ];
  },
};

/** Where there are qmail's control files, its queue is meant. */
function ofNone(
  { deliver, queueProgram, control }: SmtpdOptions,
  where: string | null,
): Finding[] {
  const isQmails =
    control === queueProgram.replace("/bin/qmail-queue", "/control");
  if (deliver !== null || !isQmails || statOf(control) === null) return [];
  return statOf(queueProgram) !== null ? [] : [warning(
    `there is no ${queueProgram}: mail goes into ./Maildir, which is ` +
      absolute("Maildir"),
    "install qmail, or say where mail goes: --maildir TEMPLATE",
    where ?? control,
  )];
}

function ofProgram(path: string, server: Ids | null): Finding[] {
  const info = statOf(path);
  if (info === null || !info.isFile) return []; // --check says so
  const found: Finding[] = [];
  if (server !== null) {
    const access = accessOf(absolute(path), server, "execute");
    if (access.type === "denied") {
      found.push(error(
        `${userName(server.uid)} may not run it (${access.path})`,
        remedyFor(access, server),
        path,
      ));
    } else if (access.type === "unseen") {
      found.push(unseen(
        `whether ${
          userName(server.uid)
        } may run it: ${access.path}: ${access.why}`,
        "look as root",
        path,
      ));
    }
  }
  const noexec = mountWith("noexec", path);
  if (noexec !== null) {
    found.push(error(
      `it is on ${noexec}, which is mounted noexec: nobody may run it`,
      `mount -o remount,exec ${quoted(noexec)}`,
      path,
    ));
  }
  // A filter of one's own under another name calls qmail-queue in its turn.
  if (baseName(path) !== "qmail-queue") return found;
  found.push(...ofOwner(path, info), ...ofQueue(path));
  return found;
}

function ofOwner(path: string, info: Deno.FileInfo): Finding[] {
  const isSetUid = (info.mode! & setUid) !== 0;
  const owner = accountOf(usualOwner);
  const remedy = `chown ${usualOwner}:${usualGroup} ${quoted(path)} && ` +
    `chmod ${usualMode} ${quoted(path)}`;
  const isScript = firstBytes(path) === "#!";
  if (isScript) return []; // the kernel gives a script no other id
  if (!isSetUid) {
    return [error(
      "it is not set-uid, so it cannot write into the queue, and no message " +
        "is taken (451)",
      remedy,
      path,
    )];
  }
  const nosuid = mountWith("nosuid", path);
  if (nosuid !== null) {
    return [error(
      `it is on ${nosuid}, which is mounted nosuid: set-uid counts for nothing`,
      `mount -o remount,suid ${quoted(nosuid)}`,
      path,
    )];
  }
  if (info.uid === 0 || owner !== null && info.uid !== owner.uid) {
    return [warning(
      `it is set-uid of ${userName(info.uid!)}, not of ${usualOwner}`,
      remedy,
      path,
    )];
  }
  return [];
}

/** What qmail itself needs of its queue. */
function ofQueue(program: string): Finding[] {
  const home = program.replace(/\/bin\/[^/]*$/, "");
  const trigger = `${home}/queue/lock/trigger`;
  if (statOf(`${home}/queue`) === null) return [];
  const found: Finding[] = [];
  const info = statOf(trigger);
  if (Deno.uid() === 0 && !info?.isFifo) {
    found.push(warning(
      "qmail-send is not told of new messages: they wait for 25 minutes",
      `make -C qmail setup check, or mkfifo -m 622 ${quoted(trigger)}`,
      trigger,
    ));
  }
  const isSending = processIds().some((pid) =>
    textOf(`/proc/${pid}/comm`)?.trim() === "qmail-send"
  );
  if (!isSending && statOf(`${home}/bin/qmail-send`) !== null) {
    found.push(note(
      "qmail-send is not running: what is queued stays there",
      `${home}/rc &`,
      home,
    ));
  }
  return found;
}

/** The file system of a file, if it is mounted with an option. */
function mountWith(option: string, program: string): string | null {
  const path = realPath(program);
  const mounts = (textOf("/proc/self/mountinfo") ?? "").split("\n")
    .map((line) => line.split(" ")).filter((fields) => fields.length > 5)
    .map(([, , , , at, options]) => ({ at, options }))
    .filter(({ at }) => at === "/" || path === at || path.startsWith(`${at}/`))
    .sort((one, other) => one.at.length - other.at.length);
  const mount = mounts.at(-1);
  return mount?.options.split(",").includes(option) ? mount.at : null;
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return absolute(path); // a folder of it is not for us
  }
}

function firstBytes(path: string): string {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(2);
    file.readSync(bytes);
    return new TextDecoder("latin1").decode(bytes);
  } catch {
    return ""; // a program need not be readable
  }
}
