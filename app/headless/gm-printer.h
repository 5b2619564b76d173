/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-output.h"
#include "gm-runner.h"

G_BEGIN_DECLS

typedef struct _GmPrinter GmPrinter;

typedef enum
{
  GM_PRINT_ORDERED,     /* what the tasks wrote, in input order */
  GM_PRINT_UNORDERED,   /* the same, as they end */
  GM_PRINT_JSON,        /* outcomes, as they come */
} GmPrintForm;

GmPrinter *gm_printer_new      (GmPrintForm          form,
                                GmOutput            *out,
                                GmOutput            *err,
                                const char          *run_dir);
void       gm_printer_free     (GmPrinter           *self);
void       gm_printer_add      (GmPrinter           *self,
                                const GmRunOutcome  *outcome);
void       gm_printer_add_recorded (GmPrinter       *self,
                                    guint64          index,
                                    guint64          line_offset);
void       gm_printer_pump     (GmPrinter           *self);
gboolean   gm_printer_is_held  (GmPrinter           *self);
gboolean   gm_printer_finish   (GmPrinter           *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmPrinter, gm_printer_free)

G_END_DECLS
