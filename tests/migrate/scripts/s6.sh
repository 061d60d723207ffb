#!/bin/sh
exec 2>&1
exec s6-softlimit -m 20000000 s6-envuidgid qmaild s6-tcpserver -v -U -c 50 -C 10 :: 25 \
  s6-tcpserver-access -v -H -l mx.example.org s6-envdir /etc/smtpd/env qmail-smtpd
