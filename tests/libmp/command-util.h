/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>
#include "mp.h"

G_BEGIN_DECLS

/* Seconds until a test that waits in vain is ended. */
#define TEST_PATIENCE 240

/* A folder with a FIFO in it, and what must be the same at the end. */
typedef struct
{
  char *folder;
  char *fifo;
  int   fifo_fd;    /* readable once the child has written to @fifo */
  int   n_fds;
} CommandTest;

void       command_test_begin   (CommandTest     *test);
void       command_test_end     (CommandTest     *test);
void       command_test_wait    (CommandTest     *test);
char      *command_test_path    (CommandTest     *test,
                                 const char      *name);
MpCommand *command_child        (const char      *verb,
                                 ...) G_GNUC_NULL_TERMINATED;
void       assert_output        (MpCommandText   *text,
                                 const char      *expected);
void       assert_exit          (MpCommandResult *result,
                                 int              exit_code);
void       assert_gone          (pid_t            pid);
pid_t      pid_from_output      (MpCommandText   *text);

G_END_DECLS
