/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define MP_EXPORT __attribute__ ((visibility ("default"))) extern
