/**
 * What is looked at: a row and a file for each. They are told in this order.
 *
 * @module
 */
import type { Look, MachineLook } from "./look.ts";
import { cdb } from "./looks/cdb.ts";
import { certificate } from "./looks/certificate.ts";
import { check } from "./looks/check.ts";
import { disk } from "./looks/disk.ts";
import { dns } from "./looks/dns.ts";
import { folders } from "./looks/folders.ts";
import { ids } from "./looks/ids.ts";
import { limits } from "./looks/limits.ts";
import { links } from "./looks/links.ts";
import { lint } from "./looks/lint.ts";
import { clock, kernel, running } from "./looks/machine.ts";
import { mailbox } from "./looks/mailbox.ts";
import { openRelay } from "./looks/open_relay.ts";
import { patches } from "./looks/patches.ts";
import { port } from "./looks/port.ts";
import { queue } from "./looks/queue.ts";
import { softlimits } from "./looks/softlimits.ts";
import { supervision } from "./looks/supervision.ts";
import { syslog } from "./looks/syslog.ts";

export const looks: readonly Look[] = [
  port,
  ids,
  openRelay,
  patches,
  softlimits,
  limits,
  supervision,
  cdb,
  lint,
  queue,
  mailbox,
  certificate,
  folders,
  syslog,
  disk,
  dns,
  check,
];

export const machineLooks: readonly MachineLook[] = [
  links,
  running,
  clock,
  kernel,
];
