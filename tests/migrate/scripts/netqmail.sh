#!/bin/sh
# "A gentle introduction", in one line for /etc/inittab's like
env - PATH="/var/qmail/bin:/usr/local/bin:$PATH" tcpserver -H -R -c100 -x/etc/tcp.smtp.cdb -u"$(id -u qmaild)" -g`id -g qmaild` 0 smtp fixcrio qmail-smtpd > /dev/null 2>&1 &
