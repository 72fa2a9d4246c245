/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failing-answers.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The scripted server in a process of its own, for tests in other languages: what failing-answers.h has, and
 *
 *   /middle /big    40,000 and two million bytes
 *   /slow           3,000 bytes, 1,000 every 5 ms
 *   /moved          a redirect to /middle
 *
 * Prints three lines: the addresses of it, of a port that refuses and of one that never accepts. The end of standard input
 * is the end. */

/* A port that is taken but not listened on. */
static guint16
take_port (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (fd < 0 || bind (fd, (struct sockaddr *) &address, sizeof address) != 0
      || getsockname (fd, (struct sockaddr *) &address, &len) != 0)
    g_error ("no port to be had");
  return ntohs (address.sin_port);
}

int
main (void)
{
  g_autoptr (ScriptedServer) server = NULL;
  g_autoptr (ScriptedServer) deaf = NULL;
  struct rlimit limit;
  char byte;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  deaf = scripted_server_new (SCRIPTED_SERVER_DEAF);
  failing_answers_add (server);
  scripted_server_on (server, "/middle", scripted_answer_big (1, 40000));
  scripted_server_on (server, "/big", scripted_answer_big (2, 2000000));
  scripted_server_on (server, "/slow",
                      scripted_answer_pattern (scripted_answer_split (scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"),
                                                                      1000, 5000),
                                               3, 0, 3000));
  scripted_server_on (server, "/moved", scripted_answer_redirect (302, "/middle"));
  printf ("http://127.0.0.1:%u\nhttp://127.0.0.1:%u\nhttp://127.0.0.1:%u\n", scripted_server_port (server), take_port (),
          scripted_server_port (deaf));
  fflush (stdout);
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  return 0;
}
