/**
 * Whether whoever looks after the gate starts it at boot, sees when it is
 * ready, and reaches it with signals.
 *
 * @module
 */
import { parentOf } from "../../base/path.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { GatePart } from "../patient.ts";
import type { Script } from "../script.ts";
import { baseName, namesIn, quoted, statOf, textOf } from "../words.ts";

export const supervision: Look = {
  id: "supervision",
  summary: "how it is started: at boot, in the foreground, readiness",
  needs: ["script"],
  find({ script, gates }) {
    switch (script!.kind) {
      case "systemd":
        return [...ofUnit(script!, gates), ...atBoot(script!)];
      case "inetd":
        return [];
      case "shell":
      case "openrc":
        return [...ofShell(script!, gates), ...atBoot(script!)];
    }
  },
};

/** Before a supervisor kills, in seconds; systemd's own. */
const usualStopSeconds = 90;

function ofUnit(
  { unit, path, program }: Script,
  [gate]: readonly GatePart[],
): Finding[] {
  const found: Finding[] = [];
  const type = unit.get("Type") ?? "simple";
  if (type === "forking") {
    found.push(error(
      "Type=forking waits for a fork that never comes: the gate is stopped " +
        "after 90 seconds",
      "Type=notify",
      path,
    ));
  } else if (!type.startsWith("notify") && /postern/.test(program)) {
    found.push(note(
      `Type=${type}: what waits for the gate does not wait until it listens`,
      "Type=notify",
      path,
    ));
  }
  const isShell = /^[-@:+!|]*\S*\b(?:ba)?sh\b/.test(
    unit.get("ExecStart") ?? "",
  );
  if (type.startsWith("notify") && isShell && !unit.has("NotifyAccess")) {
    found.push(error(
      "the gate behind a shell may not say that it is ready",
      "NotifyAccess=all, or exec in front of the gate",
      path,
    ));
  }
  const seconds = secondsOf(unit.get("TimeoutStopSec")) ?? usualStopSeconds;
  const grace = gate?.options.graceSeconds ?? 0;
  if (seconds <= grace) {
    found.push(warning(
      `it is killed ${seconds} seconds after SIGTERM, and --grace is ${grace}`,
      `TimeoutStopSec=${grace + 5}`,
      path,
    ));
  }
  return found;
}

const spans: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
};

function secondsOf(text: string | undefined): number | null {
  const [, digits, unit] = /^(\d+) ?(|s|sec|m|min)$/.exec(text ?? "") ?? [];
  return digits === undefined ? null : Number(digits) * spans[unit];
}

function ofShell(script: Script, [gate]: readonly GatePart[]): Finding[] {
  const { path, isExecuted, isInBackground } = script;
  const found: Finding[] = [];
  const mode = statOf(path)?.mode ?? 0o111;
  const isRun = /\/(?:run|rc\.local)$|\/(?:init\.d|rc\.d)\//.test(path);
  if (isRun && (mode & 0o111) === 0) {
    found.push(
      error("it is not executable", `chmod 755 ${quoted(path)}`, path),
    );
  }
  if (baseName(path) === "run") {
    if (isInBackground) {
      found.push(error(
        "the gate is started in the background: run ends, and is started again " +
          "and again",
        "take out the & at the end, and write exec in front",
        path,
      ));
    } else if (!isExecuted) {
      found.push(warning(
        "without exec the supervisor's signals reach the shell, and the gate " +
          "outlives it",
        "exec in front of the gate; its log belongs into log/run",
        path,
      ));
    }
    found.push(...ofNotification(path, gate));
  } else if (/\/(?:init\.d|rc\.d)\//.test(path) && script.kind === "shell") {
    if (!isInBackground && !/&[ \t]*$/m.test(script.text)) {
      found.push(error(
        "the gate is started in the foreground: the boot waits for it for ever",
        "postern init-script --for sysv makes a script that does not",
        path,
      ));
    }
  }
  return found;
}

/** s6's way to be told that a service is ready. */
function ofNotification(path: string, gate: GatePart | undefined): Finding[] {
  const file = `${parentOf(path)}/notification-fd`;
  const wanted = textOf(file)?.trim();
  if (wanted === undefined || gate === undefined) return [];
  if (gate.options.readyFd === Number(wanted)) return [];
  return [error(
    `s6 waits for a line on descriptor ${wanted}, which the gate never writes`,
    `--ready-fd ${wanted}`,
    path,
  )];
}

/** Links by which a service is started at boot. */
function atBoot({ path, kind, text }: Script): Finding[] {
  // One that starts it in a function of its own is OpenRC's too.
  const isOpenrc = kind === "openrc" || /^#!.*openrc-run/.test(text);
  const name = baseName(path);
  const folder = parentOf(path);
  const linked = (root: string, isStart: (name: string) => boolean) =>
    namesIn(root).some((each) => namesIn(`${root}/${each}`).some(isStart));
  if (kind === "systemd" && /^\/etc\/systemd\/system$/.test(folder)) {
    const isThere = namesIn(folder).some((each) =>
      /\.(?:wants|requires)$/.test(each) &&
      namesIn(`${folder}/${each}`).some((link) =>
        link === name || link === name.replace(/\.service$/, ".socket")
      )
    );
    return isThere ? [] : [
      warning("it is not started at boot", `systemctl enable ${name}`, path),
    ];
  }
  if (!/^\/etc\/(?:rc\.d\/)?init\.d$/.test(folder)) return [];
  if (isOpenrc) {
    return linked("/etc/runlevels", (each) => each === name) ? [] : [
      warning(
        "it is not started at boot",
        `rc-update add ${name} default`,
        path,
      ),
    ];
  }
  const isStart = (each: string) =>
    /^S\d\d/.test(each) && each.slice(3) === name.replace(/^S\d\d/, "");
  const isThere = ["/etc", "/etc/rc.d"].some((root) =>
    namesIn(root).filter((each) => /^rc[2345]\.d$/.test(each))
      .some((each) => namesIn(`${root}/${each}`).some(isStart))
  );
  return isThere ? [] : [warning(
    "it is not started at boot: no runlevel has a link S..",
    `update-rc.d ${name} defaults, or ln -s ../init.d/${name} /etc/rc3.d/S99${
      name.replace(/^S\d\d/, "")
    }`,
    path,
  )];
}
