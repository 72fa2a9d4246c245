/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The scripted server in a process of its own, so that a test can use up all descriptors of its own for clients. Every
 * request gets "slow body" in pieces of 12 bytes, as many milliseconds apart as the argument says. The port is printed;
 * the end of standard input is the end. */
int
main (int argc,
      char *argv[])
{
  struct rlimit limit;
  guint delay_us = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) * 1000 : 0;
  g_autoptr (ScriptedServer) server = NULL;
  char byte;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (server, "*", scripted_answer_send (scripted_answer_split (scripted_answer_new (), 12, delay_us),
                                                         "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow body"));
  printf ("%u\n", scripted_server_port (server));
  fflush (stdout);
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  return 0;
}
