/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A borrowed list of strings, in the layout C programs use. */
typedef struct _GmStringList GmStringList;
struct _GmStringList
{
  char *data;
  GmStringList *next;
};
