#!/bin/sh
# The rules are made anew by somebody else.
cd /etc/tcp || exit 1
tcprules smtp.cdb smtp.tmp < smtp
exec tcpserver -HRv -lmx.example.org -x smtp.cdb -X -c 60 -u 1003 -g 102 0 smtp qmail-smtpd 2>&1
