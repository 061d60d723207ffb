/**
 * The options of postern init-script.
 *
 * @module
 */
import { flag, sections, value, ValueError } from "../../lib/cli/option.ts";
import { path } from "../../lib/cli/readers.ts";
import { UsageError } from "../../lib/cli/scan.ts";
import type { Supervisor } from "../../lib/service/service.ts";
import { supervisors } from "../../lib/service/supervisors.ts";
import { daemon, facilityOf } from "../facility.ts";

const supervisorNames = supervisors.map(({ name }) => name);

function supervisor(text: string): Supervisor {
  const found = supervisors.find(({ name }) => name === text);
  if (found) return found;
  throw new UsageError(
    `--for knows ${supervisorNames.join(", ")}, not ${JSON.stringify(text)}`,
  );
}

function serviceName(text: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(text)) return text;
  throw new ValueError('letters, digits, ".", "_" and "-"');
}

function line(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  throw new ValueError("one line");
}

/** splogger would change another one, or take it for an option. */
function tag(text: string): string {
  if (/^[^\s-][\x21-\x7e]*$/.test(text) && /^[\x21-\x7e]+$/.test(text)) {
    return text;
  }
  throw new ValueError("a word of ASCII that starts with no dash");
}

export const { groups, options } = sections({
  title: "Whose script",
  options: {
    supervisor: value<Supervisor>({
      long: "for",
      value: "supervisor",
      words: supervisorNames,
      help: "who is to start it",
      usual: "sysv; with --install as --detect",
      manual: supervisors.map(({ name, summary }) => `\`${name}\`: ${summary}.`)
        .join("\n"),
      read: supervisor,
      initial: null,
    }),
    detect: flag({
      long: "detect",
      help: "find out who looks after services on this machine, and say why",
      manual: `Without HOST PORT PROGRAM that is all.`,
    }),
  },
}, {
  title: "The service",
  options: {
    name: value({
      long: "name",
      value: "name",
      help: "of the service",
      read: serviceName,
      initial: "smtpd",
    }),
    description: value({
      long: "description",
      value: "text",
      help: "a line about it",
      read: line,
      initial: "postern, the gate in front of the mail server",
    }),
    executable: value({
      long: "exec",
      value: "path",
      help: "postern's path",
      usual: "this executable's",
      read: path,
      initial: null,
    }),
    runFolder: value({
      long: "run-dir",
      value: "dir",
      help: "where pid files go",
      read: path,
      initial: "/run",
    }),
    logTag: value({
      long: "log-tag",
      value: "tag",
      help: "for syslog",
      usual: "the name",
      read: tag,
      initial: null,
    }),
    logFacility: value({
      long: "log-facility",
      value: "facility",
      help: "for syslog, by name or number",
      usual: "daemon",
      read: facilityOf,
      initial: daemon,
    }),
  },
}, {
  title: "Installation",
  options: {
    install: flag({
      long: "install",
      help: "put it in its place, with what enables it; all or nothing",
    }),
    uninstall: flag({
      long: "uninstall",
      help: "take away what --install has made, and bring back what was there",
    }),
    dryRun: flag({
      long: "dry-run",
      help: "only tell what --install or --uninstall would do",
    }),
    root: value({
      long: "root",
      value: "dir",
      help: "the folder that stands for / where it is put, for a package",
      read: path,
      initial: null,
    }),
  },
});
