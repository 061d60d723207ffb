#!/bin/sh
exec 2>&1
exec chpst -m 20000000 -o 50 -e /service/smtpd/env \
  tcpsvd -v -u qmaild:nofiles -c 40 -C 5:busy -l mx.example.org -i ./rules 0.0.0.0 25 \
  /var/qmail/bin/qmail-smtpd
