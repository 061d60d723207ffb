/** guides/from-tcpserver.md, typed on a machine with daemontools and tcpserver. */
import { assertEquals } from "@std/assert";
import { needingBoot } from "../support/booted_systemd.ts";
import { follow } from "../support/guide.ts";
import {
  fromTcpserver,
  lifeWithQmail,
  withExecutable,
} from "../support/guide_machines.ts";

const peers = ["tcpserver", "softlimit", "svscan", "multilog", "curl"];

Deno.test(
  needingBoot("from tcpserver in ten minutes", peers),
  () =>
    withExecutable(async (booted) => {
      await lifeWithQmail(booted);
      assertEquals(
        await follow("from-tcpserver.md", booted, fromTcpserver),
        [],
      );
    }),
);
