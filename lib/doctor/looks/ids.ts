/**
 * Who it becomes, and whether there is such a user.
 *
 * @module
 */
import { accountOf, accounts, groupIds, userName } from "../accounts.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { Look } from "../look.ts";

/** qmail's users, one of which is to answer connections. */
const qmailUsers = ["alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr"]
  .concat("qmails");
const qmailFolder = "/var/qmail/bin";

export const ids: Look = {
  id: "ids",
  summary: "users and groups: whether they exist, and who serves",
  needs: ["gate"],
  find({ gates: [{ options, smtpd }], script, starter, server }) {
    const { uid, gid } = options;
    const found: Finding[] = [...missingUsers(script?.lookedUp ?? [])];
    if (uid !== 0 && !accounts().some((each) => each.uid === uid)) {
      found.push(warning(
        `--uid ${uid} is no user of /etc/passwd`,
        "take a name: --uid qmaild says whose mail it is",
      ));
    }
    if (gid !== 0 && !groupIds().includes(gid)) {
      found.push(warning(
        `--gid ${gid} is no group of /etc/group`,
        "take a name: --gid nofiles says whose files are read",
      ));
    }
    if (starter?.uid === 0 && uid !== 0 && gid === 0) {
      found.push(warning(
        `it serves as ${userName(uid)}, but keeps root's group`,
        `--gid ${accounts().find((each) => each.uid === uid)?.gid ?? "GROUP"}`,
      ));
    }
    if (starter !== null && starter.uid !== 0 && uid !== 0) {
      if (starter.uid !== uid) {
        found.push(error(
          `it is started by ${userName(starter.uid)}, who cannot become ` +
            userName(uid),
          "start it as root, or leave --uid and --gid out",
        ));
      }
    }
    if (server?.uid === 0) {
      found.push(note(
        smtpd === null
          ? "the program is run as root"
          : "it serves as root, which only mailboxes of several users need",
        "--uid USER --gid GROUP",
      ));
    }
    found.push(...ofQmail());
    return found;
  },
};

/** What a script asks `id -u` for, and gets nothing. */
export const missingUsers = (names: readonly string[]): Finding[] =>
  names.filter((name) => accountOf(name) === null).map((name) =>
    error(
      `the script asks for the ids of ${name}, who is no user`,
      `useradd -r -M -s /usr/sbin/nologin ${name}`,
    )
  );

/** Where there is a qmail, all of its users are needed. */
function ofQmail(): Finding[] {
  try {
    Deno.statSync(`${qmailFolder}/qmail-send`);
  } catch {
    return []; // no qmail here
  }
  const missing = qmailUsers.filter((name) => accountOf(name) === null);
  return missing.length === 0 ? [] : [warning(
    `qmail is installed, and has no user ${missing.join(", ")}`,
    "its INSTALL.ids has the commands that make them",
  )];
}
