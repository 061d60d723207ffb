/**
 * The supervisors that there are scripts for: a row and a file for each.
 *
 * @module
 */
import { daemontools } from "./daemontools.ts";
import { inetd } from "./inetd.ts";
import { openrc } from "./openrc.ts";
import { runit } from "./runit.ts";
import { s6 } from "./s6.ts";
import type { Supervisor } from "./service.ts";
import { systemd } from "./systemd.ts";
import { sysv } from "./sysv.ts";
import { xinetd } from "./xinetd.ts";

export const supervisors: readonly Supervisor[] = [
  sysv,
  systemd,
  openrc,
  runit,
  daemontools,
  s6,
  inetd,
  xinetd,
];
